"""What live control does to a training that is none of PyTorch's: another limit where it clips, from one update to the next.

Where Python makes each update, it looks at the limit in force. Where a graph of TensorFlow's does, the limit is a variable that
the graph reads once in an update. Either way the update says which change it was made with: so it is known at which step that holds,
and the record says of each step what was in force at it, whenever it was asked for.
"""

from __future__ import annotations

import math
from typing import Callable, List, NamedTuple, Optional

from .._control import SCRIPT, Asked, Control
from .graph_series import GraphSeries

COMPILED = "The threshold of {function} is part of the compiled step, and holds until the training is started anew."


class InForce(NamedTuple):
    limit: Optional[float]
    """The largest norm, or value; infinite: nothing is clipped; None: the script's own."""
    change: int
    """Which of the user's changes it is, counted from 1; 0: there was none."""


class GraphControl:
    def __init__(self, control: Control) -> None:
        self._control = control

    def begin(self, series: GraphSeries) -> None:
        series.control = SeriesControl(self._control, series)


class SeriesControl:
    def __init__(self, control: Control, series: GraphSeries) -> None:
        self.in_force = InForce(None, 0)
        """Another one after each change, which the sender's thread makes."""
        self.hears: Optional[Callable[[InForce], object]] = None
        """Told of it, for a graph that reads it."""
        self._control = control
        self._series = series
        self._asked: List[Asked] = []
        self._held = 0
        self._own: Optional[float] = None

    def take_up(self) -> None:
        for asked in self._control.asked(self._series.id):
            self._asked.append(asked)
            self._set(InForce(asked.limit, len(self._asked)))

    def end(self) -> None:
        """The run is over: what comes is clipped as the script says."""
        self._set(InForce(None, 0))

    def made(self, step: int, change: int, threshold: Optional[float]) -> Optional[float]:
        """An update was made with this change in force; its threshold, ``threshold`` being the one that the graph tells."""
        asked = self._asked[change - 1] if 0 < change <= len(self._asked) else None
        if asked is None or asked.threshold == SCRIPT:
            self._own = threshold
        elif threshold is not None:  # else nothing bounds the norm, or each value
            threshold = asked.limit if asked.limit is not None and math.isfinite(asked.limit) else None
        while self._held < min(change, len(self._asked)):
            held = self._control.holds(self._asked[self._held], step)
            self._held += 1
            before, after = held.numbers(self._own)
            data = {"from": before, "to": after, "by": "user"}
            self._series.session.event("threshold", held.sentence, self._series, step, data)
        return threshold

    def _set(self, in_force: InForce) -> None:
        self.in_force = in_force
        if self.hears is not None:
            self.hears(in_force)
