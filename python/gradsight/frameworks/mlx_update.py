"""MLX: one point for each ``update`` of an optimizer, or for each of its parts' where it is made of several."""

from __future__ import annotations

import functools
import math
import sys
import weakref
from types import FrameType
from typing import Any, Dict, List, NamedTuple, Optional

from .._guard import Guard, tell
from .._protocol import Clip, Location
from .._rebind import rebind
from .._scalars import LOSS, LR, NORM_POST, NORM_PRE, POST_DERIVED, THRESHOLD
from .._site import caller_frame, caller_location
from . import mlx_graph
from .graph_control import COMPILED
from .graph_series import CHANGE, GraphSeries, arrange
from .mlx_loss import first_leaf, losses
from .tensorflow_origin import Origins
from .torch_recorder import TorchRecorder

_guard = Guard("recording MLX updates")

CLIP = "mlx.optimizers.clip_grad_norm"


class Clipped(NamedTuple):
    """A clip of gradients that the script then gives to an optimizer."""

    given: Any
    """The first gradient before."""
    norm: Any
    max_norm: float
    together: int
    """So many gradients were clipped."""
    location: Optional[Location]
    tree: Any = None
    """All of them before, where the user may have them clipped otherwise."""


clips = Origins()
"""First clipped gradient → ``Clipped``."""


class Controlled(NamedTuple):
    gradients: Any
    change: int
    """See ``graph_control.InForce``."""


class MlxRecorder:
    def __init__(self, recorder: TorchRecorder) -> None:
        self._recorder = recorder
        self._series: Dict[int, GraphSeries] = {}
        self._told = False
        recorder.moved.append(lambda session: self._series.clear())

    def _series_of(self, optimizer: Any, frame: FrameType) -> Optional[GraphSeries]:
        key = id(optimizer)
        found = self._series.get(key)
        if found is None:
            kind = type(optimizer)
            module = "mlx.optimizers" if kind.__module__.startswith("mlx.") else kind.__module__
            session = self._recorder.session
            found = GraphSeries.begin(session, optimizer, f"{module}.{kind.__qualname__}", frame)
            if found is None:
                return None
            self._series[key] = found
            if self._recorder.graph_control is not None:
                self._recorder.graph_control.begin(found)
            weakref.finalize(optimizer, self._series.pop, key, None)
            session.uses("mlx", getattr(mlx_graph.core(), "__version__", None))
        return found

    @property
    def is_controlled(self) -> bool:
        return self._recorder.graph_control is not None

    def control(self, optimizer: Any, gradients: Any, frame: FrameType) -> Optional[Controlled]:
        """The gradients as the user has them clipped; None where nothing can be changed."""
        clipped: Optional[Clipped] = clips.get(first_leaf(gradients))
        series = None if clipped is None else self._series_of(optimizer, frame)
        if clipped is None or series is None or series.control is None or clipped.max_norm == math.inf:
            return None
        if mlx_graph.compiling():
            series.fixed = COMPILED.format(function=CLIP)
            return None
        if clipped.together != _count(gradients):
            return None
        series.fixed = None
        limit, change = series.control.in_force
        if limit is None:
            return Controlled(gradients, change)
        if math.isinf(limit):
            return Controlled(clipped.tree, change)
        made = sys.modules["mlx.optimizers"].clip_grad_norm(clipped.tree, limit)[0]
        clips.put(first_leaf(made), clipped._replace(max_norm=limit))
        return Controlled(made, change)

    def updated(self, optimizer: Any, gradients: Any, frame: FrameType, change: Optional[int] = None) -> None:
        leaves: List[Any] = sys.modules["mlx.utils"].tree_flatten(gradients)
        leaves = [(name, leaf) for name, leaf in leaves if mlx_graph.is_gradient(leaf)]
        first = first_leaf(gradients)
        clipped: Optional[Clipped] = clips.get(first)
        if clipped is not None and clipped.together != len(leaves):
            clipped = None
        if mlx_graph.compiling() and clipped is None:
            self._tell_once()
            return
        series = self._series_of(optimizer, frame) if leaves else None
        if series is None:
            return
        numbers: Dict[int, Any] = {} if change is None else {CHANGE: change}
        clips_by_norm = clipped is not None and clipped.max_norm < math.inf
        if clipped is not None:
            first = clipped.given
            numbers[NORM_PRE] = clipped.norm
        if clipped is not None and clips_by_norm:
            series.clip = Clip("norm", CLIP, clipped.location)
            numbers[THRESHOLD] = clipped.max_norm
        loss = losses.get(first)
        if loss is not None:
            numbers[LOSS] = loss
        rate = optimizer.state.get("learning_rate")
        if rate is not None:
            numbers[LR] = rate
        if mlx_graph.compiling():
            layout, computed = arrange(numbers, POST_DERIVED if clips_by_norm else 0)
            derived = (NORM_POST,) if clips_by_norm else ()
            mlx_graph.leave(series, layout._replace(fields=(*layout.fields, *derived)), computed)
            return
        each, total = mlx_graph.norms([leaf for _, leaf in leaves])
        numbers[NORM_POST if clips_by_norm else NORM_PRE] = total
        names = () if clips_by_norm else tuple(name for name, _ in leaves)
        layout, computed = arrange(numbers, 0, names)
        mlx_graph.leave(series, layout, computed, each if names else None)

    def clipped_by_trial(self, optimizer: Any, gradients: Any, frame: FrameType) -> Any:
        """The gradients as the trial has them, if this process is one, and the script doesn't clip."""
        trial = self._recorder.graph_trial
        limit = None if trial is None or first_leaf(gradients) is None else trial.inserted(self._series_of(optimizer, frame))
        return gradients if limit is None else sys.modules["mlx.optimizers"].clip_grad_norm(gradients, limit)[0]

    def _tell_once(self) -> None:
        if not self._told:
            self._told = True
            reason = (
                "an update inside mx.compile is recorded only if clip_grad_norm works out its norm;"
                " with a max_norm of math.inf it does so and clips nothing."
            )
            tell(reason)
            if self._recorder.graph_trial is not None:
                self._recorder.graph_trial.refuse(reason)


def _count(gradients: Any) -> int:
    return sum(mlx_graph.is_gradient(leaf) for _, leaf in sys.modules["mlx.utils"].tree_flatten(gradients))


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``mlx.optimizers.optimizers``."""
    _wrap_apply(module.Optimizer, MlxRecorder(recorder))
    _wrap_clip(module, recorder)


def _wrap_apply(optimizer_class: Any, recorder: MlxRecorder) -> None:
    original = optimizer_class.apply_gradients
    note, control = _guard(recorder.updated), _guard(recorder.control)

    @functools.wraps(original)
    def apply_gradients(self: Any, gradients: Any, parameters: Any) -> Any:
        gradients = recorder.clipped_by_trial(self, gradients, caller_frame())
        controlled = control(self, gradients, caller_frame()) if recorder.is_controlled else None
        gradients = gradients if controlled is None else controlled.gradients
        result = original(self, gradients, parameters)
        note(self, gradients, caller_frame(), None if controlled is None else controlled.change)
        return result

    optimizer_class.apply_gradients = apply_gradients


def _wrap_clip(module: Any, recorder: TorchRecorder) -> None:
    original = module.clip_grad_norm

    @_guard
    def note(grads: Any, max_norm: Any, result: Any, frame: FrameType) -> None:
        after = first_leaf(result[0])
        if after is not None:
            place = caller_location(frame)
            clipped = Clipped(first_leaf(grads), result[1], float(max_norm), _count(grads), place)
            clips.put(after, clipped if recorder.graph_control is None else clipped._replace(tree=grads))

    @functools.wraps(original)
    def clip_grad_norm(grads: Any, max_norm: Any) -> Any:
        trial = recorder.graph_trial
        if trial is not None:
            trial.calls(CLIP)
            other = trial.of_function(CLIP)
            max_norm = max_norm if other is None else other
        result = original(grads, max_norm)
        note(grads, max_norm, result, caller_frame())
        return result

    rebind(original, clip_grad_norm)
