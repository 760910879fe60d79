"""Live control: what the user may change from the editor of a run that allows it, while it goes on.

A run allows it where its own command line says so (``run --allow-control``), or the script (``watch(allow_control=True)``);
no variable of the environment does, and what the run starts allows none. Without it, whatever the editor sends is ignored.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ._pause import Pause
from ._protocol import to_text
from ._series import Series

OFF, SCRIPT = "off", "script"
"""Beside the numbers: nothing is clipped, and what the script says."""


class Asked(NamedTuple):
    id: int
    series: str
    threshold: Union[float, str]

    @property
    def limit(self) -> Optional[float]:
        """The largest norm, or value; infinite: nothing is clipped; None: the script's own."""
        return None if self.threshold == SCRIPT else math.inf if isinstance(self.threshold, str) else self.threshold


class Override(NamedTuple):
    """What is in force in place of the script's own threshold; ``since``: the first step that it holds at."""

    threshold: Union[float, str]
    since: int

    @property
    def limit(self) -> float:
        return math.inf if isinstance(self.threshold, str) else self.threshold


class Change(NamedTuple):
    """Of the threshold of a series. None: the script's own."""

    before: Optional[Override]
    after: Optional[Override]

    @property
    def sentence(self) -> str:
        if self.after is None:
            return "The clipping threshold was set back to the script's own by the user."
        if math.isinf(self.after.limit):
            return "Clipping was switched off by the user."
        return f"The clipping threshold was set to {self.after.limit:g} by the user."

    def numbers(self, own: Optional[float]) -> Tuple[Optional[float], Optional[float]]:
        """The threshold before and after; ``own``: the script's, None where that is not known."""
        before, after = (own if each is None else each.limit for each in self)
        return before, after


class Control:
    """The courier's thread hears what is asked for, and the training takes it up when an update has ended."""

    pause: Optional[Pause] = None
    """Where the run is to wait before an update that is not finite."""

    def __init__(
        self, world_size: Callable[[], int], series: Callable[[], Sequence[Series]], say: Callable[[bytes], object]
    ) -> None:
        """``world_size``: known only once the process has joined its group. ``say`` sends a message to the editor, or loses it: what it tells is in the next greeting, too."""
        self.in_force: Mapping[str, Override] = {}
        """By series. Another mapping after each change."""
        self._changing = threading.Lock()
        self._world_size = world_size
        self._series = series
        self._say = say
        self._asked: Deque[Asked] = deque()

    def hear(self, message: Mapping[str, Any]) -> None:
        """A ``control`` or ``proceed`` message. One that makes no sense is ignored."""
        if message.get("type") == "proceed":
            if self.pause is not None:
                self.pause.hear(message.get("step"), message.get("action"))
            return
        asked = _read(message)
        if asked is None:
            return
        reason = self._refusal(asked.series)
        if reason is None:
            self._asked.append(asked)
        else:
            self._answer(asked, reason)

    def take_up(self, series: str, next_step: int) -> List[Change]:
        """An update of this series has ended, and ``next_step`` comes next: from there on holds what was asked for."""
        return [self.holds(asked, next_step) for asked in self.asked(series)]

    def asked(self, series: str) -> List[Asked]:
        """What was asked for since this was last called, of this series. ``holds`` is to be called once it does."""
        found = [asked for asked in list(self._asked) if asked.series == series]
        for asked in found:
            self._asked.remove(asked)
        return found

    def holds(self, asked: Asked, since: int) -> Change:
        with self._changing:
            before = self.in_force.get(asked.series)
            others = {name: override for name, override in self.in_force.items() if name != asked.series}
            after = None if asked.threshold == SCRIPT else Override(asked.threshold, since)
            self.in_force = others if after is None else {**others, asked.series: after}
        self._answer(asked, None)
        return Change(before, after)

    def end(self) -> None:
        """Nothing of it holds any longer: in the child of a fork, which nobody controls."""
        self.in_force = {}
        self._asked.clear()

    def description(self) -> Dict[str, Any]:
        in_force = self.in_force
        overrides = [
            {"series": series, "threshold": override.threshold, "since": override.since}
            for series, override in in_force.items()
        ]
        return {"overrides": overrides, "paused": None if self.pause is None else self.pause.at}

    def pauses(self, is_connected: Callable[[], bool]) -> Optional[Pause]:
        """Has the run wait before an update that is not finite; not one of several ranks, which would wait for each other."""
        if self._world_size() == 1:
            self.pause = Pause(lambda: self._world_size() == 1 and is_connected(), self._tell_state)
        return self.pause

    def _tell_state(self) -> None:
        self._say(to_text({"type": "control", "control": self.description()}))

    def _refusal(self, id: str) -> Optional[str]:
        if self._world_size() > 1:
            return "The ranks of a distributed run would have to change at the same step, which they can't be made to."
        series = next((series for series in self._series() if series.id == id), None)
        if series is None:
            return "This run has no such series."
        if series.clip is None:
            return "This run has no clip whose threshold could be changed."
        return series.fixed

    def _answer(self, asked: Asked, err: Optional[str]) -> None:
        self._say(to_text({"type": "controlled", "id": asked.id, "err": err, "control": self.description()}))


def _read(message: Mapping[str, Any]) -> Optional[Asked]:
    id, series, threshold = message.get("id"), message.get("series"), message.get("threshold")
    if not isinstance(id, int) or not isinstance(series, str):
        return None
    if isinstance(threshold, str):
        return Asked(id, series, threshold) if threshold in (OFF, SCRIPT) else None
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)) or not 0 < threshold < math.inf:
        return None
    return Asked(id, series, float(threshold))
