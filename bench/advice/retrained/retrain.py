"""Makes norm traces and an oracle of the trainings in ``tasks/``, in the layout that ``npm run bench:advice -- --data`` reads.

    retrain.py FOLDER [TASK …]

Each task runs unclipped and clipped at 1.0, which gives the traces, and again at 12 multiples of the median norm of the run
clipped at 1.0: what came of those is the oracle. A run's final loss is the mean over its last hundred steps, on data that is
not trained on; of a run that went non-finite it is that of the untrained model.
"""

import csv
import gzip
import importlib
import math
import multiprocessing
import pkgutil
import statistics
import sys
from pathlib import Path

import tasks
import torch
from torch.nn.utils import clip_grad_norm_

STEPS, SEEDS = 1200, (0, 1, 2)
LARGEST = 1e6
MULTIPLES = (0.01, 0.03, 0.1, 0.2, 0.35, 0.6, 1, 1.7, 3, 5.5, 10, 30)


def train(task, seed, clip):
    """The losses and norms of each step as they were, and the final loss (None where it is not finite).

    ``clip``: is given the parameters before each update.
    """
    optimizer, loss_of, evaluate = task.make(seed)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    with torch.no_grad():
        untrained = float(evaluate())
    rows, finals = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(step)
        loss.backward()
        norm = float(torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None]))
        rows.append((float(loss.detach()), norm))
        if not math.isfinite(norm):
            break
        clip(parameters)
        optimizer.step()
        if step >= STEPS - 100 and step % 10 == 9:
            with torch.no_grad():
                finals.append(float(evaluate()))
    final = statistics.fmean(finals) if finals else math.nan
    return rows, final if math.isfinite(final) else None, untrained


def in_band(row, best):
    """As good as the best within noise, or within 5 %."""
    noise = 2 * math.hypot(row["se"], best["se"])
    return row["mean_final_loss"] <= max(best["mean_final_loss"] + noise, 1.05 * best["mean_final_loss"])


def run(job):
    """One training, in a process of its own."""
    name, seed, threshold = job
    torch.set_num_threads(1)
    return job, train(
        importlib.import_module(f"tasks.{name}"), seed, lambda parameters: clip_grad_norm_(parameters, threshold)
    )


def write_traces(folder, name, runs):
    with gzip.open(folder / "traces" / f"{name}.csv.gz", "wt", newline="") as file:
        table = csv.writer(file)
        table.writerow(["task", "seed", "clip", "step", "loss", "norm"])
        for (seed, threshold), (rows, *_) in sorted(runs.items()):
            clip = "none" if threshold == math.inf else "1.0"
            table.writerows([name, seed, clip, step, f"{loss:.6g}", f"{norm:.6g}"] for step, (loss, norm) in enumerate(rows))


def judged(name, median, finals):
    """Rows of the oracle: ``finals`` holds the final loss and the untrained one of each seed, by threshold."""
    oracle = []
    for threshold, came in sorted(finals.items()):
        losses = [untrained if final is None else min(final, LARGEST) for final, untrained in came]
        oracle.append(
            {
                "task": name,
                "base_median": median,
                "threshold": threshold,
                "mean_final_loss": statistics.fmean(losses),
                "se": statistics.stdev(losses) / len(losses) ** 0.5,
                "frac_nonfinite": sum(final is None for final, _ in came) / len(came),
                "final_losses": " ".join(f"{loss:.6g}" for loss in losses),
            }
        )
    best = min(oracle, key=lambda row: row["mean_final_loss"])
    return [{**row, "in_band": int(in_band(row, best))} for row in oracle]


def retrain(name, pool, folder):
    """All trainings of a task; its traces are written on the way. Returns the rows of its oracle."""
    first = [(name, seed, threshold) for seed in SEEDS for threshold in (math.inf, 1.0)]
    runs = {job[1:]: came for job, came in pool.imap_unordered(run, first)}
    write_traces(folder, name, runs)
    clipped = [statistics.median(norm for _, norm in runs[seed, 1.0][0]) for seed in SEEDS]
    median = float(f"{statistics.median(clipped):.2g}")
    finals = {threshold: [runs[seed, threshold][1:] for seed in SEEDS] for threshold in (math.inf, 1.0)}
    thresholds = {float(f"{multiple * median:.4g}") for multiple in MULTIPLES} - set(finals)
    again = [(name, seed, threshold) for threshold in sorted(thresholds) for seed in SEEDS]
    for (_, _, threshold), (_, *came) in pool.imap(run, again):  # seeds in their order
        finals.setdefault(threshold, []).append(came)
    return judged(name, median, finals)


def write_table(file, rows):
    with file.open("w", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(rows[0])
        for row in rows:
            table.writerow([value if isinstance(value, (str, int)) else f"{value:.6g}" for value in row.values()])


def main():
    folder = Path(sys.argv[1])
    (folder / "traces").mkdir(parents=True, exist_ok=True)
    names = sys.argv[2:] or sorted(module.name for module in pkgutil.iter_modules(tasks.__path__))
    rows = []
    with multiprocessing.get_context("spawn").Pool() as pool:
        for done, name in enumerate(names, 1):
            rows += retrain(name, pool, folder)
            write_table(folder / "oracle.csv", rows)
            print(f"{name}: {done} of {len(names)} tasks", flush=True)


if __name__ == "__main__":
    main()
