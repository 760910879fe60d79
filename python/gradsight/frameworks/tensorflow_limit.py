"""A clipping limit that the user may change, in TensorFlow: as a number in eager code, as a variable in a graph.

The variable is there only in a run that allows control. The graph reads it once in an update, and goes one of three ways.
"""

from __future__ import annotations

import math
import weakref
from typing import Any, Dict, List, NamedTuple, Optional

from .graph_control import InForce
from .graph_series import GraphSeries
from .keras_limit import Before
from .tensorflow_ring import made_outside, tensorflow


class InGraph(NamedTuple):
    """As ``graph_control.InForce``, as scalars of the graph. ``limit`` is NaN for the script's own."""

    limit: Any
    change: Any


_variables: "weakref.WeakKeyDictionary[GraphSeries, Any]" = weakref.WeakKeyDictionary()
"""float32 [2]: limit and change."""


def in_force(series: GraphSeries) -> Optional[InGraph]:
    """Reads what is in force in the graph that is being traced; None where it can't."""
    if tensorflow().distribute.has_strategy() or series.control is None:
        return None
    variable = _variables.get(series)
    if variable is None:
        now = _numbers(series.control.in_force)
        variable = made_outside(lambda tf: tf.Variable(now, dtype=tf.float32, trainable=False, name="gradsight_limit"))
        _variables[series] = variable
        series.control.hears = lambda changed: variable.assign(_numbers(changed))
    numbers = variable.read_value()
    return InGraph(numbers[0], numbers[1])


def _numbers(now: InForce) -> List[float]:
    return [math.nan if now.limit is None else now.limit, float(now.change)]


def clipped(kind: str, before: Before, clipped: List[Any], limit: Any) -> List[Any]:
    """The gradients ``before``, clipped by this limit; ``clipped`` is what the script itself has made of them.

    ``limit``: a number, or the scalar of a graph.
    """
    if isinstance(limit, float):
        return _anew(kind, before, limit) if math.isfinite(limit) else before.gradients
    tf = tensorflow()

    def changed() -> List[Any]:
        return tf.cond(tf.math.is_inf(limit), lambda: before.gradients, lambda: _anew(kind, before, limit))  # type: ignore[no-any-return]

    made: List[Any] = tf.cond(tf.math.is_nan(limit), lambda: clipped, changed)
    return made


def _anew(kind: str, before: Before, limit: Any) -> List[Any]:
    tf = tensorflow()
    if kind == "norm":
        return _by_global_norm(before, limit)
    as_its = [tf.cast(limit, gradient.dtype) for gradient in before.gradients]
    if kind == "value":
        return [tf.clip_by_value(gradient, -most, most) for gradient, most in zip(before.gradients, as_its)]
    return [tf.clip_by_norm(gradient, most) for gradient, most in zip(before.gradients, as_its)]


def _by_global_norm(before: Before, limit: Any) -> List[Any]:
    """By the norm that the script has worked out, which may be one of more gradients than these."""
    tf = tensorflow()
    norms = before.norms or [None] * len(before.gradients)
    groups: Dict[int, List[int]] = {}
    for index, norm in enumerate(norms):
        groups.setdefault(id(norm), []).append(index)
    made: List[Any] = [None] * len(norms)
    for indices in groups.values():
        together = [before.gradients[index] for index in indices]
        norm = norms[indices[0]]
        norm = tf.linalg.global_norm(together) if norm is None else norm
        for index, gradient in zip(indices, tf.clip_by_global_norm(together, tf.cast(limit, norm.dtype), norm)[0]):
            made[index] = gradient
    return made
