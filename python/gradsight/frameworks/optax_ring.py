"""The last updates' norms as part of Optax's state: a compiled program then stays without a callback, and can be kept.

The state is a value of the script's: the probe gets to see it only where the script hands it over.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import Any, Deque, List, NamedTuple, Optional, Tuple

from .._guard import Guard, tell
from .._scalars import NORM_PRE, SCALARS
from . import jax_graph
from .graph_series import GraphSeries, Layout
from .optax_update import current

_guard = Guard("recording a ring of norms")


class RingState(NamedTuple):
    """The state of a transformation with a ring: arrays, like any other state."""

    inner: Any
    """The state of the transformation whose norms are kept."""
    count: Any
    """int32 []: updates since ``init``."""
    rows: Any
    """float32 [size, scalars]: of update ``n`` the row ``n % size``, in the order of ``SCALARS``; NaN: not measured."""


class Ring:
    """Keeps what is measured of each update in the state, and hands on what the script shows of it."""

    def __init__(self, transformation: Any, size: int) -> None:
        self.transformation: Any = None
        self._inner = sys.modules["optax"].with_extra_args_support(transformation)
        self._size = size
        self._row: Optional[Any] = None
        self._layout: Optional[Layout] = None
        self._series: Optional[GraphSeries] = None
        self._shown: Deque[Tuple[Any, Any]] = deque()
        self._read = 0

    def init(self, params: Any) -> RingState:
        numpy = jax_graph.jax().numpy
        rows = numpy.full((self._size, len(SCALARS)), numpy.nan, numpy.float32)
        return RingState(self._inner.init(params), numpy.zeros((), numpy.int32), rows)

    def update(self, updates: Any, state: RingState, params: Any = None, **extra: Any) -> Tuple[Any, RingState]:
        outer, current.keeper, self._row = current.keeper, self, None
        try:
            result, inner = self._inner.update(updates, state.inner, params, **extra)
        finally:
            current.keeper = outer
        row, self._row = self._row, None
        if row is None:  # nothing is recorded
            row = self._norm_of(updates)
        rows = state.rows.at[state.count % self._size].set(row)
        return result, RingState(inner, state.count + 1, rows)

    def keep(self, series: GraphSeries, layout: Layout, scalars: List[Any]) -> None:
        self._row = _row(layout.fields, scalars)
        self._layout = layout
        if series is not self._series:
            self._series = series
            series.collect_from(self._collect)

    def show(self, state: Any) -> None:
        """Rows that are new since the last time will be recorded. Copies them; waits for nothing but before the first."""
        found = next((node for node in _nodes(state) if isinstance(node, RingState)), None)
        if found is None or isinstance(found.count, jax_graph.jax().core.Tracer):
            raise TypeError("this is no state of a transformation with a ring, outside of compiled functions")
        count, rows = found.count, found.rows
        if rows.ndim == 3:  # one a device: the first speaks for all
            count, rows = count[0], rows[0]
        if self._series is None:  # no update has been made in this process: all that is there comes from another
            self._read = int(count)
        elif self._series.is_open():
            copy = jax_graph.jax().numpy.copy  # the script may give the state away to the next step
            self._shown.append((copy(count), copy(rows)))

    def _collect(self) -> None:
        """The sender's thread calls it."""
        while self._shown:
            count, rows = self._shown.popleft()
            end = int(count)
            first = max(self._read, end - self._size)
            series, layout = self._series, self._layout
            assert series is not None and layout is not None
            if first > self._read:
                series.missed(first - self._read)
            numbers = rows.tolist()
            for update in range(first, end):
                row = numbers[update % self._size]
                series.collected(layout, [row[place] for place in layout.fields])
            self._read = max(self._read, end)

    @staticmethod
    def _norm_of(updates: Any) -> Any:
        leaves = jax_graph.jax().tree_util.tree_leaves(updates)
        gradients = [leaf for leaf in leaves if jax_graph.is_gradient(leaf)]
        return _row((NORM_PRE,), [jax_graph.norms(gradients)[1]]) if gradients else _row((), [])


def _row(places: Tuple[int, ...], scalars: List[Any]) -> Any:
    numpy = jax_graph.jax().numpy
    values = dict(zip(places, scalars))
    numbers = [numpy.asarray(values.get(place, numpy.nan), numpy.float32) for place in range(len(SCALARS))]
    return numpy.stack([number.reshape(()) for number in numbers])


def _nodes(state: Any) -> List[Any]:
    nodes: List[Any] = jax_graph.jax().tree_util.tree_leaves(state, is_leaf=lambda node: isinstance(node, RingState))
    return nodes


def with_ring(transformation: Any, size: Any) -> Any:
    try:
        return _ringed(transformation, size)
    except Exception as error:
        tell(f"no ring of norms is kept: {error}")
        return transformation


def _ringed(transformation: Any, size: Any) -> Any:
    optax = sys.modules.get("optax")
    if optax is None or not isinstance(transformation, optax.GradientTransformation):
        raise TypeError(f"{type(transformation).__name__} is no optax.GradientTransformation.")
    ring = Ring(transformation, max(1, int(size)))

    def init(params: Any) -> RingState:
        return ring.init(params)

    def update(updates: Any, state: RingState, params: Any = None, **extra: Any) -> Tuple[Any, RingState]:
        return ring.update(updates, state, params, **extra)

    setattr(update, "_gradsight_ring", ring)
    ring.transformation = optax.GradientTransformationExtraArgs(init, update)
    return ring.transformation


@_guard
def show(transformation: Any, state: Any) -> None:
    ring = getattr(transformation[1], "_gradsight_ring", None)
    if ring is None:
        raise TypeError("this transformation keeps no ring: make it by gradsight.optax.with_ring")
    ring.show(state)
