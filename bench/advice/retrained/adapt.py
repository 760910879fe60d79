"""Makes ``adaptive.csv``: the trainings in ``tasks/`` once more, clipped by each of the policies in ``policies.py``.

    adapt.py FOLDER [TASK …]

A training and its final loss are as in ``retrain.py``.
"""

import importlib
import multiprocessing
import pkgutil
import statistics
import sys
from pathlib import Path

import tasks
import torch
from policies import POLICIES
from retrain import LARGEST, SEEDS, train, write_table


def run(job):
    """One training, in a process of its own."""
    name, policy, seed = job
    torch.set_num_threads(1)
    _, final, untrained = train(importlib.import_module(f"tasks.{name}"), seed, POLICIES[policy]())
    return job, final, untrained


def row(name, policy, came):
    """``came``: the final loss and the untrained one of each seed."""
    losses = [untrained if final is None else min(final, LARGEST) for final, untrained in came]
    return {
        "task": name,
        "policy": policy,
        "mean_final_loss": statistics.fmean(losses),
        "frac_nonfinite": sum(final is None for final, _ in came) / len(came),
        "final_losses": " ".join(f"{loss:.6g}" for loss in losses),
    }


def main():
    folder = Path(sys.argv[1])
    names = sys.argv[2:] or sorted(module.name for module in pkgutil.iter_modules(tasks.__path__))
    jobs = [(name, policy, seed) for name in names for policy in POLICIES for seed in SEEDS]
    found = {}
    with multiprocessing.get_context("spawn").Pool() as pool:
        for (name, policy, _), *came in pool.imap(run, jobs):  # seeds in their order
            found.setdefault((name, policy), []).append(came)
            if len(found[name, policy]) == len(SEEDS):
                write_table(folder / "adaptive.csv", [row(*each, came) for each, came in found.items()])
                print(f"{name}, {policy}", flush=True)


if __name__ == "__main__":
    main()
