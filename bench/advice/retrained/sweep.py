"""Makes ``sweeps.csv``: what ``gradsight sweep`` finds of the trainings in ``tasks/``, as it is by default.

    sweep.py FOLDER [TASK …]

Each training is clipped at 1.0, as in the traces, until the sweep tries something else. The trials are trained here, one
after another; which ones there are, when one is given up and who wins is what the sweep's own code says. Their seeds are
none of those that the oracle is made of, and their losses are those of the training, which are all that a sweep sees. Longer
trials have as many steps as the trainings that the oracle is made of.
"""

import importlib
import math
import pkgutil
import sys
from pathlib import Path

import tasks
import torch
from retrain import write_table
from torch.nn.utils import clip_grad_norm_

sys.path.insert(0, str(Path(__file__).parents[3] / "python"))
from gradsight._trial import NONE, OWN
from gradsight.sweep.grid import grid
from gradsight.sweep.lengths import STEPS, TIMES
from gradsight.sweep.longer import run_pairs, trials_of
from gradsight.sweep.record import Record, Update
from gradsight.sweep.table import lines
from gradsight.sweep.trials import Wanted, run_all
from gradsight.sweep.verdict import judge, leader, leads_of

SEEDS, FIRST_SEED = 2, 100
"""The sweep's own default, and the first seed."""
AS_IT_IS = 1.0
SERIES = "train"


def limit_of(setting):
    return {OWN: AS_IT_IS, NONE: math.inf}.get(setting) or float(setting)


class Trial:
    """Trained in this process, half of it at each look."""

    def __init__(self, task, wanted):
        self.wanted = wanted
        self.record = Record("")
        self.updates = self.record.updates.setdefault(SERIES, [])
        self.optimizer, self.loss_of, _ = task.make(FIRST_SEED + wanted.seed)
        self.parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]

    def ended(self):
        """Whether all steps are made, or one went bad."""
        limit = limit_of(self.wanted.setting)
        for step in range(len(self.updates), len(self.updates) + self.wanted.steps // 2):
            self.optimizer.zero_grad()
            loss = self.loss_of(step)
            loss.backward()
            norm = float(clip_grad_norm_(self.parameters, limit))
            self.updates.append(Update(step, float(loss.detach()), norm, None if limit == math.inf else limit, 0))
            if self.updates[-1].is_bad:
                return True
            self.optimizer.step()
        return len(self.updates) == self.wanted.steps

    def end(self):
        """Nothing runs on."""

    kill = remove = end

    def signal(self, number):
        """Nobody is there."""


def sweep(name):
    """A row for each setting, in the order in which they were tried: of the short trials, then of the longer ones."""
    task = importlib.import_module(f"tasks.{name}")
    results, norms = [], []

    def run(wanted):
        def done(result, trial):
            results.append(result)
            norms.append([update.norm for update in trial.updates])

        run_all(wanted, lambda each: Trial(task, each), lambda _: None, SERIES, 1, list(results), done)
        return results

    run([Wanted(OWN, 0, STEPS)])
    settings = [OWN, *grid(norms[0], AS_IT_IS)]
    short = list(run([Wanted(setting, seed, STEPS) for seed in range(SEEDS) for setting in settings]))
    leading = leader(short, SEEDS)
    longer = [] if leading is None else run_pairs(trials_of(leading, SEEDS, TIMES * STEPS), run)
    verdict = judge(short, SEEDS, leading, longer)
    return [row for kind in (short, longer) for row in rows_of(name, settings, kind, verdict.winner)]


def rows_of(name, settings, results, winner):
    return [
        {
            "task": name,
            "setting": line.setting,
            "threshold": limit_of(line.setting),
            "asked": results[0].asked,
            "outcome": line.outcome.partition(":")[0],
            "trials": sum(result.setting == line.setting for result in results),
            "steps": sum(result.steps for result in results if result.setting == line.setting),
            "losses": " ".join(f"{loss:.9g}" for loss in line.losses),
            "leads": " ".join(f"{each:.4g}" for each in leads_of(results, line.setting, results[0].asked > STEPS)),
            "winner": int(line.setting == winner),
        }
        for line in lines(settings, results)
    ]


def main():
    torch.set_num_threads(1)
    rows = []
    for name in sys.argv[2:] or sorted(module.name for module in pkgutil.iter_modules(tasks.__path__)):
        rows += sweep(name)
        write_table(Path(sys.argv[1]) / "sweeps.csv", rows)
        print(name, flush=True)


if __name__ == "__main__":
    main()
