"""Makes ``sweeps.csv``: what ``gradsight sweep`` finds of the trainings in ``tasks/``, as it is by default.

    sweep.py FOLDER [TASK …]

Each training is clipped at 1.0, as in the traces, until the sweep tries something else. The trials are trained here, one
after another; which ones there are, when one is given up and who wins is what the sweep's own code says. Their seeds are
none of those that the oracle is made of, and their losses are those of the training, which are all that a sweep sees.
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
from gradsight.sweep.record import Record, Update
from gradsight.sweep.table import lines
from gradsight.sweep.trials import FINISHED, Wanted, run_all
from gradsight.sweep.verdict import judge

STEPS, SEEDS, FIRST_SEED = 300, 2, 100
"""The sweep's own defaults, and the first seed."""
AS_IT_IS = 1.0
SERIES = "train"


class Trial:
    """Trained in this process, half of it at each look."""

    def __init__(self, task, wanted):
        self.setting, self.seed = wanted
        self.record = Record("")
        self.updates = self.record.updates.setdefault(SERIES, [])
        self.optimizer, self.loss_of, _ = task.make(FIRST_SEED + self.seed)
        self.parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]

    def ended(self):
        """Whether all steps are made, or one went bad."""
        limit = {OWN: AS_IT_IS, NONE: math.inf}.get(self.setting) or float(self.setting)
        for step in range(len(self.updates), len(self.updates) + STEPS // 2):
            self.optimizer.zero_grad()
            loss = self.loss_of(step)
            loss.backward()
            norm = float(clip_grad_norm_(self.parameters, limit))
            self.updates.append(Update(step, float(loss.detach()), norm, None if limit == math.inf else limit, 0))
            if self.updates[-1].is_bad:
                return True
            self.optimizer.step()
        return len(self.updates) == STEPS

    def end(self):
        """Nothing runs on."""

    kill = remove = end

    def signal(self, number):
        """Nobody is there."""


def sweep(name):
    """A row for each setting, in the order in which they were tried."""
    task = importlib.import_module(f"tasks.{name}")
    results, norms = [], []

    def run(wanted):
        def done(result, trial):
            results.append(result)
            norms.append([update.norm for update in trial.updates])

        run_all(wanted, lambda each: Trial(task, each), lambda _: None, SERIES, STEPS, 1, list(results), done)

    run([Wanted(OWN, 0)])
    settings = [OWN, *grid(norms[0], AS_IT_IS)]
    run([Wanted(setting, seed) for seed in range(SEEDS) for setting in settings])
    table = lines(settings, results)
    losses = {line.setting: line.losses for line in table if line.outcome == FINISHED}
    verdict = judge(losses, all(result.outcome != FINISHED for result in results if result.setting == OWN))
    return [
        {
            "task": name,
            "setting": line.setting,
            "threshold": {OWN: AS_IT_IS, NONE: math.inf}.get(line.setting) or float(line.setting),
            "outcome": line.outcome.partition(":")[0],
            "trials": sum(result.setting == line.setting for result in results),
            "steps": sum(result.steps for result in results if result.setting == line.setting),
            "losses": " ".join(f"{loss:.9g}" for loss in line.losses),
            "winner": int(line.setting == verdict.winner),
        }
        for line in table
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
