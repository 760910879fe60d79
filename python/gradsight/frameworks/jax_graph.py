"""Numbers out of a JAX program: norms are reduced inside it, and leave it by a callback that holds nothing up.

Where the update is not part of a compiled program, the numbers are left to arrive and read by the sender's thread.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any, Callable, List, Sequence, Tuple

from .graph_series import HAPPENED, GraphSeries, Layout
from .torch_recorder import TorchRecorder


def jax() -> Any:
    return sys.modules["jax"]


def is_gradient(leaf: Any) -> bool:
    """Whether this leaf is an array of real or complex numbers."""
    dtype = getattr(leaf, "dtype", None)
    return dtype is not None and bool(jax().numpy.issubdtype(dtype, jax().numpy.inexact))


def norms(arrays: Sequence[Any]) -> Tuple[Any, Any]:
    """The 2-norm of each array, as one vector, and of all together. Half precision is summed up in single."""
    each, total = _norms()(tuple(arrays))
    return each, total


@lru_cache(maxsize=None)
def _norms() -> Callable[..., Any]:
    numpy = jax().numpy

    def square(array: Any) -> Any:
        size = numpy.abs(array)
        return numpy.sum(numpy.square(size.astype(numpy.promote_types(size.dtype, numpy.float32))))

    def measured(arrays: Tuple[Any, ...]) -> Tuple[Any, Any]:
        squares = numpy.stack([square(array) for array in arrays])
        return numpy.sqrt(squares), numpy.sqrt(numpy.sum(squares))

    compiled: Callable[..., Any] = jax().jit(measured)
    return compiled


def leave(series: GraphSeries, layout: Layout, scalars: List[Any], layers: Any) -> None:
    """Sends the numbers of one update on their way; ``layers`` is a vector.

    One number goes in front of them: whether this is the device that speaks for all.
    """
    numpy: Any = jax().numpy
    numbers = [numpy.asarray(scalar).reshape(()) for scalar in [_speaks_for_all(), *scalars]]
    kind = numpy.result_type(layers.dtype, *(number.dtype for number in numbers))
    vector = numpy.concatenate([numpy.stack([number.astype(kind) for number in numbers]), layers.astype(kind)])
    layout = layout._replace(fields=(HAPPENED, *layout.fields))
    if isinstance(vector, jax().core.Tracer):
        jax().local_devices(backend="cpu")  # raises where JAX_PLATFORMS leaves it out, and then the callback would
        jax().debug.callback(_Arrive(series, layout), vector)
    else:
        series.arrive(layout, vector.tolist)


class _Arrive:
    """What the program calls."""

    def __init__(self, series: GraphSeries, layout: Layout) -> None:
        self._series = series
        self._layout = layout

    def __call__(self, vector: Any) -> None:
        self._series.arrive(self._layout, vector.tolist)


def _speaks_for_all() -> Any:
    """Under ``pmap``, ``shard_map`` and ``vmap`` with named axes all but the first of each say the same: not heard."""
    speaks: Any = True
    for name in _axis_names():
        speaks = speaks & (jax().lax.axis_index(name) == 0)
    return speaks


def _axis_names() -> List[Any]:
    core = sys.modules.get("jax._src.core")
    current = getattr(core, "get_axis_env", None)
    return list(current().axis_sizes) if current is not None else []


def install(recorder: TorchRecorder) -> None:
    """At the end of each session, waits until the programs have said what they have to say."""

    def wait() -> None:
        barrier = getattr(jax(), "effects_barrier", None)
        if barrier is not None:
            barrier()

    recorder.session.before_close(wait)
    recorder.moved.append(lambda session: session.before_close(wait))
