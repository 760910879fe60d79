"""The checkpoints of a run: those that it may go on from once it has gone bad, and what is told of them."""

from __future__ import annotations

import os
import socket
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from .metrics.nonfinite_cause import WEIGHTS

KEPT = 8
"""Of each series. A script that keeps its last few removes the others itself."""

MAX_SERIES = 64

FINITE, NONFINITE_WEIGHTS = "finite", "nonfinite"
"""How the saved weights were, where that was looked at: once the series had gone bad."""


class Checkpoint(NamedTuple):
    series: str
    step: int
    """Of the update that it holds, and no later one."""
    time: float
    path: str
    weights: Optional[str]
    """``FINITE``, ``NONFINITE_WEIGHTS``, or None where they were not looked at, or not all of them."""


class Checkpoints:
    """The last ones of each series. What is written to a path takes the place of what was there."""

    def __init__(self) -> None:
        self._kept: Dict[str, List[Checkpoint]] = {}

    def add(self, event: Mapping[str, Any], went_bad: Optional[int]) -> None:
        """``went_bad``: the step at which its series did, if it has. Those before it are kept for those after it."""
        data, series = event["data"], str(event["series"])
        if series not in self._kept and len(self._kept) >= MAX_SERIES:
            return
        path = str(data["path"])
        path = path if "://" in path else os.path.abspath(path)
        kept = [checkpoint for checkpoint in self._kept.get(series, []) if checkpoint.path != path]
        if len(kept) >= KEPT:
            later = [checkpoint for checkpoint in kept if went_bad is not None and checkpoint.step >= went_bad]
            kept.remove(later[0] if later else kept[0])
        kept.append(Checkpoint(series, event["step"], event["time"], path, data.get("weights")))
        self._kept[series] = kept

    def all(self) -> List[Checkpoint]:
        return [checkpoint for kept in self._kept.values() for checkpoint in kept]


class Choice(NamedTuple):
    """What a run can go on from."""

    before: Optional[Checkpoint]
    """The last one from before it began to go bad; of a run that has not gone bad, the last one."""
    after: Optional[Checkpoint]
    """The last one of all, where that came later."""


def choose(checkpoints: List[Checkpoint], incident: Optional[Mapping[str, Any]], host: str) -> Choice:
    """``host``: of the run, on which alone can be seen which checkpoints have been removed since."""
    here = host == socket.gethostname()
    there = [each for each in checkpoints if not here or _is_there(each.path)]
    if incident is None:
        return Choice(max(there, key=lambda each: each.time, default=None), None)
    own = sorted((each for each in there if each.series == incident["series"]), key=lambda each: (each.step, each.time))
    before = [each for each in own if each.step < _began(incident)]
    after = own[len(before) :]
    return Choice(before[-1] if before else None, after[-1] if after else None)


def _is_there(path: str) -> bool:
    """What TensorFlow takes for a checkpoint's path is how the names of its files begin."""
    return "://" in path or os.path.exists(path) or os.path.exists(f"{path}.index")


def lines(checkpoints: List[Checkpoint], incident: Optional[Mapping[str, Any]], host: str, last: Optional[int]) -> List[str]:
    """The sentences for a story. ``last``: the last step that was recorded."""
    before, after = choose(checkpoints, incident, host)
    if incident is None:
        if before is None:
            return []
        since = 0 if last is None else last - before.step
        passed = f" ({_steps(since)} before the last one recorded)" if since > 0 else ""
        return [f"The last checkpoint: step {before.step}, {before.path}{passed}."]
    told = []
    if before is not None:
        earlier = _steps(incident["step"] - before.step)
        told.append(f"The last checkpoint before it: step {before.step}, {before.path} ({earlier} earlier).")
    elif after is not None:
        told.append("No checkpoint from before it is there.")
    if after is not None:
        told.append(f"The last one of all, step {after.step}, {after.path}, was written {_when(after, incident)}.")
    return told


def _began(incident: Mapping[str, Any]) -> int:
    """The step whose weights, before it, are the last ones that can be relied on."""
    began = min(int(incident["step"]), int(incident.get("began", incident["step"])))
    made_by_the_update_before = incident["data"].get("cause") == WEIGHTS
    return min(began, incident["step"] - 1) if made_by_the_update_before else began


def _when(after: Checkpoint, incident: Mapping[str, Any]) -> str:
    if after.weights == NONFINITE_WEIGHTS:
        return "after it went bad: it holds weights that are not finite"
    if after.weights == FINITE:
        return "after it went bad; the weights in it are finite"
    if after.step >= incident["step"]:
        return "after it went bad"
    if after.step >= int(incident.get("began", incident["step"])):
        return "when the gradient norm had exploded already"
    return "when the weights may have been so already"


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"
