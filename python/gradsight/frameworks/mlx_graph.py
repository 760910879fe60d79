"""Numbers out of MLX, which computes nothing before it is asked to: together with what the script evaluates by itself.

What is measured of an update waits for the script's next ``mx.eval`` or ``mx.async_eval`` and becomes part of it. A
function that ``mx.compile`` compiles gives what it computes anyway as one more result: more work in it would be fused with
its own, and round that otherwise.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections import deque
from typing import Any, Callable, Deque, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .._guard import Guard, tell
from .._rebind import rebind
from .._scalars import NORM_PRE, POST_DERIVED, THRESHOLD
from ..metrics.clip_factor import clip_factor
from . import mlx_loss
from .graph_series import GraphSeries, Layout
from .torch_recorder import TorchRecorder

_guard = Guard("recording MLX")

PATIENCE = 8
"""Asynchronous evaluations after which what was asked for is taken to have been computed."""

UNEVALUATED = 100
"""Updates without an evaluation, after which this is told."""


def core() -> Any:
    return sys.modules["mlx.core"]


class Measured(NamedTuple):
    series: GraphSeries
    layout: Layout
    """With ``POST_DERIVED``, its last field is the norm after clipping, which is worked out of the others."""
    parts: List[Any]
    """Arrays that hold the numbers together, in this order, not evaluated yet."""
    missed: int = 0


class _Here(threading.local):
    """What waits in this thread: arrays are evaluated in the thread that made them."""

    def __init__(self) -> None:
        self.traces: List[List[Measured]] = []
        """Of functions that are being traced to be compiled, the innermost last."""
        self.waiting: Dict[GraphSeries, Measured] = {}
        """One update a series: more would keep the gradients of all of them in memory."""
        self.asked: Deque[List[Measured]] = deque()
        """Of asynchronous evaluations."""


_here = _Here()
_told = False


def norms(arrays: Sequence[Any]) -> Tuple[Any, Any]:
    """The 2-norm of each array, as one vector, and of all together, in single precision."""
    mx = core()
    squares = mx.stack([mx.sum(mx.square(mx.abs(array).astype(mx.float32))) for array in arrays])
    return mx.sqrt(squares), mx.sqrt(mx.sum(squares))


def is_gradient(leaf: Any) -> bool:
    return isinstance(leaf, core().array) and bool(core().issubdtype(leaf.dtype, core().inexact))


def compiling() -> bool:
    """Whether a function is being traced to be compiled."""
    return bool(_here.traces)


def leave(series: GraphSeries, layout: Layout, scalars: List[Any], layers: Optional[Any] = None) -> None:
    """Sends the numbers of one update on their way; ``layers`` is a vector."""
    parts = scalars if layers is None else [*scalars, layers]
    _wait(Measured(series, layout, parts))


def _wait(measured: Measured) -> None:
    global _told
    if _here.traces:
        _here.traces[-1].append(measured)
        return
    mx = core()
    flat = [part.astype(mx.float32).reshape(-1) for part in measured.parts]
    measured = measured._replace(parts=[mx.concatenate(flat)])  # one small array
    before = _here.waiting.get(measured.series)
    missed = 0 if before is None else before.missed + 1
    if missed == UNEVALUATED and not _told:
        _told = True
        tell("updates of MLX are recorded where mx.eval or mx.async_eval evaluates them: this script calls neither.")
    _here.waiting[measured.series] = measured._replace(missed=missed)


def _take() -> List[Measured]:
    """What the evaluation that is about to begin shall evaluate, too."""
    if _here.traces:
        return []
    taken = list(_here.waiting.values())
    _here.waiting.clear()
    return taken


def _arrive(evaluated: List[Measured]) -> None:
    for series, layout, (vector,), missed in evaluated:
        numbers: List[float] = vector.tolist()
        if layout.flags & POST_DERIVED:
            norm = numbers[layout.fields.index(NORM_PRE)]
            numbers.append(norm * clip_factor(norm, dict(layout.constants)[THRESHOLD]))
        series.arrive(layout, functools.partial(list, numbers), missed)


def _read_asked(keep: int) -> None:
    while len(_here.asked) > keep:
        _arrive(_here.asked.popleft())


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``mlx.core``."""
    _wrap_eval(module.eval, _evaluated)
    _wrap_eval(module.async_eval, _asked_for)
    _wrap_compile(module.compile)
    mlx_loss.install(module)
    read_all = _guard(lambda: _read_asked(0))
    recorder.session.before_close(read_all)
    recorder.moved.append(lambda session: session.before_close(read_all))


def _evaluated(measured: List[Measured]) -> None:
    _read_asked(0)
    _arrive(measured)


def _asked_for(measured: List[Measured]) -> None:
    if measured:
        _here.asked.append(measured)
    _read_asked(PATIENCE)


def _wrap_eval(original: Any, then: Callable[[List[Measured]], None]) -> None:
    take, after = _guard(_take), _guard(then)

    @functools.wraps(original)
    def evaluate(*args: Any) -> None:
        measured = take() or []
        if measured:
            original(*args, [each.parts for each in measured])
        else:
            original(*args)
        after(measured)

    rebind(original, evaluate)


def _wrap_compile(original: Any) -> None:
    wait = _guard(_wait)

    @functools.wraps(original)
    def compile(fun: Any, *args: Any, **kwargs: Any) -> Any:
        if str(getattr(fun, "__module__", "")).startswith("mlx."):
            return original(fun, *args, **kwargs)
        made: List[Measured] = []

        @functools.wraps(fun)
        def traced(*args: Any, **kwargs: Any) -> Any:
            found: List[Measured] = []
            _here.traces.append(found)
            try:
                result = fun(*args, **kwargs)
            finally:
                _here.traces.pop()
            made[:] = [measured._replace(parts=[]) for measured in found]
            return result, [measured.parts for measured in found]

        compiled = original(traced, *args, **kwargs)

        @functools.wraps(fun)
        def call(*args: Any, **kwargs: Any) -> Any:
            result, more = compiled(*args, **kwargs)
            for measured, parts in zip(made, more):
                wait(measured._replace(parts=list(parts)))
            return result

        return call

    rebind(original, compile)
