"""What a trial's probe has written of it so far."""

from __future__ import annotations

import json
import math
import os
from typing import Any, Dict, List, NamedTuple, Optional

from .._scalars import BY_VALUE, SKIPPED

TAIL = 0.1
"""The share of the steps whose losses make the loss that a trial has come to."""

KEPT = 200
"""Losses of the last steps that are kept, at most: enough for a median."""


class Update(NamedTuple):
    """As in the telemetry: None is "not recorded", NaN was seen."""

    step: int
    loss: Optional[float]
    norm: Optional[float]
    threshold: Optional[float]
    flags: int

    @property
    def is_bad(self) -> bool:
        """Not finite, and used all the same."""
        seen = [value for value in (self.loss, self.norm) if value is not None]
        return not self.flags & SKIPPED and not all(map(math.isfinite, seen))

    @property
    def is_clipped(self) -> bool:
        return self.norm is not None and self.threshold is not None and self.norm > self.threshold


class Record:
    def __init__(self, path: str) -> None:
        self.updates: Dict[str, List[Update]] = {}
        """By series."""
        self.clips: Dict[str, Optional[Dict[str, Any]]] = {}
        """Where and by which function each series is clipped, and how: "norm" or "value"; as in the telemetry."""
        self.sites: Dict[str, Optional[Dict[str, Any]]] = {}
        """Where each series is updated."""
        self.by_hand = False
        """Whether there is a series that the script logs itself."""
        self.framework: Optional[str] = None
        self.device: Optional[str] = None
        self.scaled: Optional[str] = None
        """The warning that gradients were clipped while they were scaled."""
        self.calls: List[str] = []
        """Functions that the script clips something by its global norm with."""
        self.refused: Optional[str] = None
        """Why no threshold can be put in force."""
        self.outcome: Optional[Dict[str, Any]] = None
        self.sources: Dict[str, str] = {}
        self._path = path
        self._read = 0

    def read_on(self) -> None:
        """Takes in what has come since. A line that is still being written waits."""
        if not os.path.exists(self._path):
            return
        with open(self._path, "rb") as stream:
            stream.seek(self._read)
            new = stream.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            self._take(json.loads(line))

    def _take(self, line: Dict[str, Any]) -> None:
        if "rows" in line:
            self.updates.setdefault(line["series"], []).extend(Update(*row) for row in line["rows"])
        elif "described" in line:
            self.framework, self.device = line["framework"], line["device"]
            self.clips = {each["id"]: each["clip"] for each in line["described"]}
            self.sites = {each["id"]: each["site"] for each in line["described"]}
            self.by_hand = any(each["by_hand"] for each in line["described"])
        elif "scaled" in line:
            self.scaled = line["scaled"]
        elif "calls" in line:
            self.calls.append(line["calls"])
        elif "refused" in line:
            self.refused = line["refused"]
        elif "outcome" in line:
            self.outcome, self.sources = line["outcome"], line["sources"]


def loss_of(updates: List[Update]) -> Optional[float]:
    """The mean over the last tenth of the updates, of those whose loss is known; None where none is."""
    losses = [update.loss for update in updates if update.loss is not None and not update.flags & SKIPPED]
    tail = losses[-max(1, round(TAIL * len(losses))) :]
    return sum(tail) / len(tail) if tail else None


def last_losses(updates: List[Update]) -> List[Optional[float]]:
    """Of the last tenth of the updates, or of some of them at equal distances; None where one is not known."""
    tail = updates[-max(1, round(TAIL * len(updates))) :]
    apart = max(1, -(-len(tail) // KEPT))
    return [None if update.flags & SKIPPED else update.loss for update in tail[::apart]]


def norm_threshold(updates: List[Update]) -> Optional[float]:
    """The latest threshold of the norm that was in force; None where the norm was not clipped."""
    of_norm = [u.threshold for u in updates if u.threshold is not None and not u.flags & BY_VALUE]
    return of_norm[-1] if of_norm else None
