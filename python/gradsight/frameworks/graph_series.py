"""The series of an optimizer that runs inside a compiled graph, where Python is called only while the graph is traced.

What the graph computes for an update leaves it as one vector of numbers. It is put here by whoever gets it (the runtime's
thread, say) and made into a row by the sender's thread.
"""

from __future__ import annotations

import time
from array import array
from collections import deque
from types import FrameType
from typing import TYPE_CHECKING, Any, Callable, Deque, Dict, List, NamedTuple, Optional, Tuple, Union

from .._guard import Guard
from .._naming import variable_name
from .._process import current
from .._protocol import Location
from .._room import Share
from .._scalars import LOSS, NORM_PRE, SCALARS, SKIPPED, STEP_TIME, THRESHOLD
from .._series import LayerNorms, LayerSample, Row, Series
from .._session import Session
from .._site import caller_location
from ..metrics.nonfinite import NonFiniteWatch, bad_norms
from .marks import Data

if TYPE_CHECKING:
    from .graph_control import SeriesControl

_guard = Guard("recording what compiled graphs say")

LAYER_PERIOD = 0.1
"""Seconds between two samples of all layers."""

HAPPENED = -1
"""A number that is 0 where this is no update: gradients are only accumulated, or another device says the same. No row."""

WAS_SKIPPED = -2
"""A number that is not 0 where the update was left out for gradients that are not finite."""

CHANGE = -3
"""A number that says which of the user's changes of the threshold the update was made with: see ``graph_control``."""


ARRIVAL_BYTES = 512
"""Of what waits of an update, about, and of each of its numbers besides."""
NUMBER_BYTES = 32


class Layout(NamedTuple):
    """What the numbers of an update mean."""

    fields: Tuple[int, ...]
    """Places in ``SCALARS``, or one of the constants above, in the order of the numbers."""
    flags: int
    layers: Tuple[str, ...]
    """The parameters whose gradient norms before clipping follow the fields."""
    constants: Tuple[Tuple[int, float], ...] = ()
    """What is known already: places and values."""

    @property
    def size(self) -> int:
        """In bytes, of an arrival."""
        return ARRIVAL_BYTES + NUMBER_BYTES * (len(self.fields) + len(self.layers))

    def happened(self, numbers: Callable[[], List[float]]) -> bool:
        """Whether these are numbers of an update."""
        return HAPPENED not in self.fields or all(
            number for place, number in zip(self.fields, numbers()) if place == HAPPENED
        )


def arrange(numbers: Dict[int, Any], flags: int, layers: Tuple[str, ...] = ()) -> Tuple[Layout, List[Any]]:
    """Numbers by place, and those of them that the graph has to compute."""
    computed = {place: number for place, number in numbers.items() if not isinstance(number, (int, float))}
    constants = tuple((place, float(numbers[place])) for place in numbers if place not in computed)
    return Layout(tuple(computed), flags, layers, constants), list(computed.values())


class Arrival(NamedTuple):
    time: float
    clock: Optional[float]
    """None where it isn't known when exactly the numbers arrived."""
    layout: Layout
    numbers: Callable[[], List[float]]
    missed: int = 0
    """Updates just before of which nothing is known."""


class Mark(NamedTuple):
    """What ``marks.Marked`` is told, between the updates before and after it."""

    kind: str
    message: str
    data: Data
    made: bool
    since: Optional[Callable[[], int]]
    """How many of the updates that were made by now came after it; None: its place among the arrivals tells."""


class GraphSeries(Series):
    session: Session
    watch: NonFiniteWatch
    control: "Optional[SeriesControl]" = None
    """What the user may change of it."""

    def __init__(self, id: str, label: str, optimizer: Optional[str], site: Optional[Location]) -> None:
        super().__init__(id, label, optimizer, site)
        self._arrivals: "Deque[Union[Arrival, Mark]]" = deque()
        self._share_of_arrivals = Share()
        self._size = 0
        """Of one of them, in bytes."""
        self._left_out = 0
        """Updates that found no room since the last one that did."""
        self._sources: List[Callable[[], None]] = []
        self._since: Optional[Callable[[], Callable[[], int]]] = None
        self._collected_marks: List[Mark] = []
        """Whose place shows once all sources have been read."""
        self._step = 0
        self._clock: Optional[float] = None
        self._next_layers = 0.0
        self._tables: Dict[Tuple[str, ...], str] = {}

    @classmethod
    def begin(cls, session: Session, optimizer: Any, kind: str, frame: Optional[FrameType]) -> "Optional[GraphSeries]":
        """``kind`` is the qualified name of the optimizer's class or function; ``frame``: who calls."""
        label = variable_name(frame, optimizer) or kind.rpartition(".")[2]
        series = session.series(label, kind, caller_location(frame), kind=cls)
        if series is not None:
            series.session = session
            series.watch = NonFiniteWatch(session, series)
        return series

    def arrive(self, layout: Layout, numbers: Callable[[], List[float]], missed: int = 0) -> None:
        """``numbers`` is called by the sender's thread, which may wait for them.

        Where there is no room it may be called here, to know whether there was an update that is missing.
        """
        if not self.is_open():
            return
        self._size = layout.size
        if not self._share_of_arrivals.has_room((len(self._arrivals) + 1) * self._size):
            self._left_out += missed + layout.happened(numbers)
            return
        left_out, self._left_out = self._left_out, 0
        self._arrivals.append(Arrival(time.time(), time.perf_counter(), layout, numbers, left_out + missed))

    def is_open(self) -> bool:
        """Whether there is a run that takes what the graph says."""
        return not self.session.is_closed or self._moved()

    def _moved(self) -> bool:
        """Whether there is a new run in this process, in which the graph goes on."""
        session = current()
        if session is None or session.is_closed:
            return False
        self._arrivals.clear()
        self._left_out = 0
        if self.control is not None:
            self.control.end()
            self.control = None
        self._step, self._clock, self._announced = 0, None, None
        self.norms.clear()
        self.norms_at_incident = None
        self.session, self.watch = session, NonFiniteWatch(session, self)
        session.adopt(self)
        return True

    def collect_from(self, source: Callable[[], None], since: Optional[Callable[[], Callable[[], int]]] = None) -> None:
        """``source`` is called by the sender's thread before it makes rows, to call ``collected`` and ``missed``.

        ``since``, where the series is marked, is called at a moment of the training; what it returns tells how many of
        the updates that have been collected were made after it.
        """
        self._sources.append(source)
        self._since = since

    def collected(self, layout: Layout, numbers: List[float]) -> None:
        self._arrivals.append(Arrival(time.time(), None, layout, lambda: numbers))

    def missed(self, count: int) -> None:
        """So many updates were made of which nothing is known."""
        self._settle_arrivals()
        self._skip(count)

    def forget(self) -> None:
        super().forget()
        self._arrivals.clear()
        self._share_of_arrivals.is_left_with(0)

    def _skip(self, count: int) -> None:
        first, self._step = self._step, self._step + count
        text = f"Steps {first} to {self._step - 1} were made faster than they could be read."
        self.session.event("gap", text, self, first, {"from": first, "to": self._step - 1})

    @property
    def went_bad(self) -> bool:
        """See ``marks.Marked``."""
        return self.watch.went_bad

    def mark(self, kind: str, message: str, data: Data, made: bool) -> bool:
        """See ``marks.Marked``."""
        if not self.is_open() or (self._sources and self._since is None):  # nothing tells which updates come before it
            return False
        self._arrivals.append(Mark(kind, message, data, made, None if self._since is None else self._since()))
        return True

    @_guard
    def settle(self, final: bool) -> None:
        if self.control is not None:
            self.control.take_up()
        for source in self._sources:
            source()
        self._settle_arrivals()
        if final and self._left_out:
            left_out, self._left_out = self._left_out, 0
            self._skip(left_out)
        marks, self._collected_marks = self._collected_marks, []
        for mark in marks:
            self._put(mark)

    def _put(self, mark: "Mark") -> None:
        after = 0 if mark.since is None else mark.since()
        step = self._step - after - mark.made
        self.session.event(mark.kind, mark.message, self, step, mark.data)

    def _settle_arrivals(self) -> None:
        for _ in range(len(self._arrivals)):  # and none that arrive meanwhile, which may be as fast
            try:
                arrival = self._arrivals.popleft()
            except IndexError:  # given up for a new run meanwhile
                break
            if isinstance(arrival, Mark):
                if arrival.since is None:
                    self._put(arrival)
                else:
                    self._collected_marks.append(arrival)
                continue
            if arrival.missed:
                self._skip(arrival.missed)
            row = self._row(arrival)
            if row is not None:
                self.rows.append(row)
        self._share_of_arrivals.is_left_with(len(self._arrivals) * self._size)

    def _row(self, arrival: Arrival) -> Optional[Row]:
        layout, flags = arrival.layout, arrival.layout.flags
        numbers = arrival.numbers()
        change: Optional[int] = None
        values: List[Optional[float]] = [None] * len(SCALARS)
        for place, number in [*layout.constants, *zip(layout.fields, numbers)]:
            if place == HAPPENED:
                if not number:
                    return None
            elif place == WAS_SKIPPED:
                flags |= SKIPPED if number else 0
            elif place == CHANGE:
                change = int(number)
            else:
                values[place] = number
        step, self._step = self._step, self._step + 1
        if change is not None and self.control is not None:
            values[THRESHOLD] = self.control.made(step, change, values[THRESHOLD])
        if self._clock is not None and arrival.clock is not None:
            values[STEP_TIME] = arrival.clock - self._clock
        self._clock = arrival.clock
        norms = array("f", numbers[len(layout.fields) :])
        if layout.layers:
            self._keep(step, arrival, norms)
        if not flags & SKIPPED:
            self.watch.see(step, values[NORM_PRE], values[LOSS], bad_norms(norms, layout.layers))
        return Row(step, arrival.time, values, flags)

    def _keep(self, step: int, arrival: Arrival, norms: "array[float]") -> None:
        """All layers of this step for the flight recorder, and now and then for the editor."""
        layers = arrival.layout.layers
        table = self._tables.get(layers)
        if table is None:
            table = self._tables[layers] = self.add_layers(list(layers))
        self.norms.append(LayerNorms.known(step, table, norms))
        if arrival.time >= self._next_layers:
            self._next_layers = arrival.time + LAYER_PERIOD
            self.samples.append(LayerSample(step, table, norms))
