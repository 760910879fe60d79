"""``gradsight.log``: updates that the script reports itself."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Any, Deque, Dict, List, Optional

from . import _process
from ._guard import Guard
from ._protocol import LAST_STEP, Location
from ._scalars import LOSS, LR, NORM_POST, NORM_PRE, SCALARS, STEP_TIME, THRESHOLD
from ._series import Row, Series, take_all
from ._session import Session
from ._site import caller_frame, caller_location
from .metrics.nonfinite import NonFiniteWatch

HOLD = 0.1
"""Seconds for which the latest step waits for more values."""

_guard = Guard("gradsight.log")
_series: Dict[str, "LoggedSeries"] = {}


class LoggedSeries(Series):
    """The latest step is held back a moment, since several calls may add to it.

    Both threads take it with ``popleft``, which only one of them can do.
    """

    session: Session
    watch: NonFiniteWatch

    def __init__(self, id: str, label: str, optimizer: Optional[str], site: Optional[Location]) -> None:
        super().__init__(id, label, optimizer, site)
        self.held: Deque[Row] = deque()
        self._settled: List[Row] = []
        self.last_step = -1
        self.last_clock: Optional[float] = None
        self.offset = 0
        self.told = False

    def settle(self, final: bool) -> None:
        rows: List[Row] = []
        try:
            if final or time.perf_counter() - (self.last_clock or 0.0) > HOLD:  # the time of day may jump
                rows.append(self.held.popleft())
        except IndexError:
            pass
        rows += take_all(self.rows)  # taken second, so these may be older or newer than the held one
        rows.sort(key=lambda row: row.step)
        for row in rows:
            self.watch.see(row.step, row.values[NORM_PRE], row.values[LOSS], None)
        self._settled += rows

    def take(self) -> List[Row]:
        rows, self._settled = self._settled, []
        return rows


@_guard
def log_step(
    step: Optional[int],
    *,
    norm: Any,
    norm_post: Any,
    threshold: Any,
    loss: Any,
    lr: Any,
    series: str,
) -> None:
    session = _process.current() or _process.start()
    if session is None:
        return
    found = _series.get(series)
    if found is None or found.session is not session:
        made = session.series(series, None, caller_location(caller_frame(2)), kind=LoggedSeries)
        if made is None:
            return
        made.session, made.watch = session, NonFiniteWatch(session, made)
        found = _series[series] = made
    values: List[Optional[float]] = [None] * len(SCALARS)
    for place, value in ((NORM_PRE, norm), (NORM_POST, norm_post), (THRESHOLD, threshold), (LOSS, loss), (LR, lr)):
        if value is not None:
            values[place] = float(value)
    if values[THRESHOLD] == math.inf:  # clipping at infinity is a way to measure, not to clip
        values[THRESHOLD] = None
    _add(session, found, step, values)


def _add(session: Session, series: LoggedSeries, step: Optional[int], values: List[Optional[float]]) -> None:
    number = series.last_step + 1 if step is None else int(step) + series.offset
    if number > LAST_STEP:
        raise ValueError(f"{step} is no number of a step")
    try:
        held: Optional[Row] = series.held.popleft()
    except IndexError:
        held = None
    if held is not None and held.step == number:
        merged = [new if new is not None else old for new, old in zip(values, held.values)]
        series.held.append(Row(number, held.time, merged, held.flags))
        return
    if held is not None:
        series.add(held)
    if number == series.last_step:
        _late(session, series, number)
        return
    if number < series.last_step or number < 0:
        number = _count_on(session, series, number)
    clock = time.perf_counter()
    if series.last_clock is not None:
        values[STEP_TIME] = clock - series.last_clock
    series.last_clock = clock
    series.last_step = number
    series.held.append(Row(number, time.time(), values, 0))


def _late(session: Session, series: LoggedSeries, step: int) -> None:
    if not series.told:
        series.told = True
        session.event(
            "warning",
            f"More values for step {step} came after it had been sent, and were left out:"
            " log all values of a step together.",
            series,
            step,
        )


def _count_on(session: Session, series: LoggedSeries, number: int) -> int:
    """A loop that counts from 0 again (in each epoch, say) is continued where it stood."""
    follows = series.last_step + 1
    series.offset += follows - number
    if not series.told:
        series.told = True
        session.event(
            "warning",
            f"The step went back from {series.last_step} to {number}; counting on from {follows}."
            " Log one count over the whole training to see your own numbers.",
            series,
            follows,
        )
    return follows
