"""The series of an optimizer that runs inside a compiled graph, where Python is called only while the graph is traced.

What the graph computes for an update leaves it as one vector of numbers. It is put here by whoever gets it (the runtime's
thread, say) and made into a row by the sender's thread.
"""

from __future__ import annotations

import time
from array import array
from collections import deque
from types import FrameType
from typing import Any, Callable, Deque, Dict, List, NamedTuple, Optional, Tuple

from .._guard import Guard
from .._naming import variable_name
from .._protocol import Location
from .._scalars import LOSS, NORM_PRE, SCALARS, SKIPPED, STEP_TIME
from .._series import LayerNorms, LayerSample, Row, Series
from .._session import Session, current
from .._site import caller_location
from ..metrics.nonfinite import NonFiniteWatch, bad_norms

_guard = Guard("recording what compiled graphs say")

LAYER_PERIOD = 0.1
"""Seconds between two samples of all layers."""

HAPPENED = -1
"""A number that is 0 where this is no update: gradients are only accumulated, or another device says the same. No row."""

WAS_SKIPPED = -2
"""A number that is not 0 where the update was left out for gradients that are not finite."""


class Layout(NamedTuple):
    """What the numbers of an update mean."""

    fields: Tuple[int, ...]
    """Places in ``SCALARS``, or one of the constants above, in the order of the numbers."""
    flags: int
    layers: Tuple[str, ...]
    """The parameters whose gradient norms before clipping follow the fields."""
    constants: Tuple[Tuple[int, float], ...] = ()
    """What is known already: places and values."""


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


class GraphSeries(Series):
    session: Session
    watch: NonFiniteWatch

    def __init__(self, id: str, label: str, optimizer: Optional[str], site: Optional[Location]) -> None:
        super().__init__(id, label, optimizer, site)
        self._arrivals: Deque[Arrival] = deque()
        self._sources: List[Callable[[], None]] = []
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
        """``numbers`` is called by the sender's thread, which may wait for them."""
        if self.is_open():
            self._arrivals.append(Arrival(time.time(), time.perf_counter(), layout, numbers, missed))

    def is_open(self) -> bool:
        """Whether there is a run that takes what the graph says."""
        return not self.session.is_closed or self._moved()

    def _moved(self) -> bool:
        """Whether there is a new run in this process, in which the graph goes on."""
        session = current()
        if session is None or session.is_closed:
            return False
        self._arrivals.clear()
        self._step, self._clock, self._announced = 0, None, None
        self.norms.clear()
        self.norms_at_incident = None
        self.session, self.watch = session, NonFiniteWatch(session, self)
        session.adopt(self)
        return True

    def collect_from(self, source: Callable[[], None]) -> None:
        """``source`` is called by the sender's thread before it makes rows, to call ``collected`` and ``missed``."""
        self._sources.append(source)

    def collected(self, layout: Layout, numbers: List[float]) -> None:
        self._arrivals.append(Arrival(time.time(), None, layout, lambda: numbers))

    def missed(self, count: int) -> None:
        """So many updates were made of which nothing is known."""
        self._settle_arrivals()
        self._skip(count)

    def _skip(self, count: int) -> None:
        first, self._step = self._step, self._step + count
        text = f"Steps {first} to {self._step - 1} were made faster than they could be read."
        self.session.event("gap", text, self, first, {"from": first, "to": self._step - 1})

    @_guard
    def settle(self, final: bool) -> None:
        for source in self._sources:
            source()
        self._settle_arrivals()

    def _settle_arrivals(self) -> None:
        try:
            while True:
                arrival = self._arrivals.popleft()
                if arrival.missed:
                    self._skip(arrival.missed)
                row = self._row(arrival)
                if row is not None:
                    self.rows.append(row)
        except IndexError:
            return

    def _row(self, arrival: Arrival) -> Optional[Row]:
        layout, flags = arrival.layout, arrival.layout.flags
        numbers = arrival.numbers()
        values: List[Optional[float]] = [None] * len(SCALARS)
        for place, number in [*layout.constants, *zip(layout.fields, numbers)]:
            if place == HAPPENED:
                if not number:
                    return None
            elif place == WAS_SKIPPED:
                flags |= SKIPPED if number else 0
            else:
                values[place] = number
        step, self._step = self._step, self._step + 1
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
