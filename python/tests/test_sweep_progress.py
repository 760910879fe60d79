"""How long the rest of a sweep is said to take."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Dict, List

import pytest
from gradsight._trial import OWN
from gradsight.sweep.progress import Progress
from gradsight.sweep.record import Record, Update
from gradsight.sweep.trials import FAILED, FINISHED, Result, Trial, Wanted


def a_trial(wanted: Wanted, made: int, started: float = 0.0, first_step: float = 0.0) -> Trial:
    """No process: what a look at one has told."""
    trial = Trial.__new__(Trial)
    trial.wanted, trial.record = wanted, Record("")
    trial.record.updates["optimizer"] = [Update(step, 1.0, 1.0, None, 0) for step in range(made)]
    trial.started_at, trial.first_step_at = started, first_step
    return trial


def result(wanted: Wanted, outcome: str = FINISHED) -> Result:
    return Result(wanted.setting, wanted.seed, wanted.steps, outcome, "", wanted.steps, 1.0, 1.0, None, None, [], [1.0])


SHORT: List[Wanted] = [Wanted(setting, seed, 101) for seed in range(2) for setting in (OWN, "1", "2")]


def test_the_rest_takes_as_long_as_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "progress.json"

    def told() -> Dict[str, Any]:
        found: Dict[str, Any] = json.loads(file.read_text())
        return found

    monkeypatch.setattr(time, "monotonic", lambda: 1300.0)
    progress = Progress(str(file))
    progress.of(SHORT, [], 1, True)
    assert told() == {"done": 0, "trials": 6, "left": None, "more": True} and progress.rest() == ""
    done = [result(SHORT[0])]
    progress.ended(a_trial(SHORT[0], 101, 1000.0, 1100.0), done[0])  # 100 seconds to the first step, 2 for each further one
    progress.tell(done)
    assert told() == {"done": 1, "trials": 6, "left": 5 * (100 + 2 * 101), "more": True}
    assert progress.rest() == "about 25 minutes left before any longer trials"

    done.append(result(SHORT[1], FAILED))  # its other seed is left out, and how long it took tells nothing
    progress.ended(a_trial(SHORT[1], 3, 0.0, 1.0), done[1])
    progress.see(a_trial(SHORT[2], 51))
    longer = [Wanted(setting, 2, 401) for setting in (OWN, "2")]
    progress.of(SHORT + longer, done, 2, False)
    short, long = 100 + 2 * 101, 100 + 2 * 401
    assert told()["left"] == (2 * 50 + 2 * short + 2 * long) / 2
    assert progress.rest() == "about 21 minutes left"
    progress.of(SHORT, [result(each) for each in SHORT], 2, False)
    assert told()["left"] == 0 and progress.rest() == ""
