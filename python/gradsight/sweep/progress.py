"""How far a sweep has come and how long the rest will take, in a file that whoever started it can read while it runs."""

from __future__ import annotations

import json
import os
import time
from statistics import fmean as mean
from typing import Dict, List, NamedTuple, Optional

from .trials import FINISHED, Result, Trial, Wanted, still_to_run

PERIOD = 5.0
"""Seconds between two looks at the time that is left, while no trial ends."""


class _Pace(NamedTuple):
    """Of a trial that has come to its end."""

    start: float
    """Seconds to its first step."""
    step: float
    """Seconds for each further one."""


class Progress:
    def __init__(self, path: Optional[str]) -> None:
        """``path``: None, where nobody asked."""
        self._path = path
        self._wanted: List[Wanted] = []
        self._results: List[Result] = []
        self._more = False
        self._jobs = 1
        self._paces: List[_Pace] = []
        self._made: Dict[Wanted, int] = {}
        """Steps of the trials that run."""
        self._told_at = 0.0

    def of(self, wanted: List[Wanted], results: List[Result], jobs: int, more: bool) -> None:
        """``wanted``: all trials of the sweep, as far as is known by now. ``more``: others may come after them."""
        self._wanted, self._jobs, self._more = wanted, jobs, more
        self.tell(results)

    def see(self, trial: Trial) -> None:
        """A trial that runs, or has just ended. Called again and again."""
        self._made[trial.wanted] = max(map(len, trial.record.updates.values()), default=0)
        if time.monotonic() - self._told_at > PERIOD:
            self.tell(self._results)

    def ended(self, trial: Trial, result: Result) -> None:
        if result.outcome == FINISHED and trial.first_step_at is not None and result.steps > 1:
            trained = time.monotonic() - trial.first_step_at
            self._paces.append(_Pace(trial.first_step_at - trial.started_at, trained / (result.steps - 1)))

    def tell(self, results: List[Result]) -> None:
        """The file is replaced, so that a reader never sees half of it."""
        self._results, self._told_at = results, time.monotonic()
        if self._path is None:
            return
        trials = len(self._wanted)
        done = trials - len(still_to_run(self._wanted, results))
        told = {"done": done, "trials": trials, "left": self.left(), "more": self._more}
        with open(f"{self._path}.new", "w", encoding="utf-8") as stream:
            stream.write(json.dumps(told))
        os.replace(f"{self._path}.new", self._path)

    def rest(self) -> str:
        """How long the rest takes, in words; nothing where there is none, or it isn't known."""
        left = self.left()
        return f"{_in_words(left)} left{' before any longer trials' if self._more else ''}" if left else ""

    def left(self) -> Optional[float]:
        """Seconds for what is still to run, as fast as the trials that this process has seen come to their end."""
        waiting = still_to_run(self._wanted, self._results)
        if not self._paces:
            return None if waiting else 0.0
        start, step = mean(pace.start for pace in self._paces), mean(pace.step for pace in self._paces)
        made = [(each.steps, self._made.get(each, 0)) for each in waiting]
        seconds = sum((0 if done else start) + step * max(0, steps - done) for steps, done in made)
        return seconds / max(1, min(self._jobs, len(waiting)))


def _in_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 90:
        return f"about {minutes} minute{'s' if minutes > 1 else ''}"
    return f"about {round(seconds / 3600)} hours"
