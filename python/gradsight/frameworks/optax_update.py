"""Optax, and Flax on top of it: one point for each ``update`` of the outermost transformation.

``update`` is looked up on the transformation each time it is used by name, and that is where it is replaced: those made
before the probe came are recorded, too, and combined ones take their parts' functions unchanged. The optimizer's state
stays as it is. What ``update`` adds to a program that is being traced runs wherever that program runs: under ``jit``,
``scan``, ``cond`` and ``pmap``.
"""

from __future__ import annotations

import functools
import sys
import threading
import weakref
from types import FrameType
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Protocol, Tuple

from .._guard import Guard
from .._protocol import Clip
from .._scalars import LOSS, LR, NORM_POST, NORM_PRE, THRESHOLD, UPDATE_RATIO
from .._site import caller_frame
from . import jax_graph, jax_loss
from .graph_control import COMPILED, InForce
from .graph_series import CHANGE, HAPPENED, GraphSeries, Layout, arrange
from .torch_recorder import TorchRecorder

_guard = Guard("recording Optax updates")

IN_STATE = (
    "The threshold of {function} comes with the optimizer's state, which only the script can change: see hyperparams in the"
    " state of optax.inject_hyperparams."
)


class Clipping(NamedTuple):
    """What one clipping transformation did: arrays before and after, in the order of the tree."""

    clip: Clip
    threshold: Any
    flags: int
    before: List[Any]
    after: List[Any]


class Keeper(Protocol):
    transformation: Any
    """As the script knows it."""

    def keep(self, series: GraphSeries, layout: Layout, scalars: List[Any]) -> None: ...


class _Current(threading.local):
    """What this thread is about to trace or to run."""

    def __init__(self) -> None:
        self.clippings: Optional[List[Clipping]] = None
        """Of the outermost ``update`` that is under way; None where there is none."""
        self.happens: Any = None
        """Whether gradients are not only accumulated, where that decides."""
        self.keeper: Optional[Keeper] = None
        """Who keeps the numbers of the update that is under way, instead of a callback that takes them out."""
        self.in_force: Optional[InForce] = None
        """What the user has changed of how the update that is under way clips; None where nothing can be changed."""
        self.kind: Optional[str] = None
        """Of the clipping that this is about."""
        self.loose: "Dict[int, Tuple[weakref.ref[Any], Clipping]]" = {}
        """Of clips that the script calls itself, by their first result, as long as that lives."""

    def limit(self, kind: str) -> Optional[float]:
        """By which clippings of this kind are to clip; infinite: they are not to; None: as the script has it."""
        return None if self.in_force is None or kind != self.kind else self.in_force.limit

    def put_loose(self, clipping: Clipping) -> None:
        key = id(clipping.after[0])
        reference = weakref.ref(clipping.after[0], lambda _: self.loose.pop(key, None))
        self.loose[key] = reference, clipping._replace(after=[])

    def loose_before(self, gradients: List[Any]) -> List[Clipping]:
        """The clips that the script called to make these gradients, the first one first."""
        found: List[Clipping] = []
        while gradients:
            reference, clipping = self.loose.get(id(gradients[0]), (None, None))
            if reference is None or clipping is None or reference() is not gradients[0]:
                break
            found.insert(0, clipping._replace(after=gradients))
            gradients = clipping.before
        return found


current = _Current()


class OptaxRecorder:
    def __init__(self, recorder: TorchRecorder) -> None:
        self._recorder = recorder
        self._series: "weakref.WeakKeyDictionary[Any, GraphSeries]" = weakref.WeakKeyDictionary()
        recorder.moved.append(lambda session: self._series.clear())

    def series_of(self, transformation: Any, update: Any, frame: FrameType) -> Optional[GraphSeries]:
        found = self._series.get(update)
        if found is None:
            name = str(getattr(update, "__qualname__", "update")).partition(".")[0]
            found = GraphSeries.begin(self._recorder.session, transformation, f"optax.{name}", frame)
            if found is None:
                return None
            self._series[update] = found
            self._recorder.marks.began(update, found)
            if self._recorder.graph_control is not None:
                self._recorder.graph_control.begin(found)
            self._recorder.session.uses("jax", getattr(sys.modules.get("jax"), "__version__", None))
        return found

    @property
    def only(self) -> Optional[Any]:
        """What updates, where the process has but one that does: as ``marks`` know it."""
        updates = list(self._series)
        return updates[0] if len(updates) == 1 else None

    def updated(
        self,
        transformation: Any,
        update: Any,
        clippings: List[Clipping],
        given: Tuple[Any, Any],
        result: Tuple[Any, Any],
        frame: FrameType,
        in_force: Optional[InForce] = None,
    ) -> None:
        """``given`` are gradients and parameters (or None), ``result`` the updates and the new state."""
        tree = jax_graph.jax().tree_util
        trial = self._recorder.graph_trial
        for clipping in clippings if trial is not None else ():
            if trial is not None and clipping.clip.kind == "norm":
                trial.calls(clipping.clip.function)
        paths = [(path, leaf) for path, leaf in tree.tree_flatten_with_path(given[0])[0] if jax_graph.is_gradient(leaf)]
        gradients = [leaf for _, leaf in paths]
        if getattr(update, "_gradsight_clips", False):  # no optimizer: the script clips by itself
            for clipping in clippings if gradients else ():
                current.put_loose(clipping)
            return
        keeper = current.keeper
        known_as = transformation if keeper is None else keeper.transformation
        series = self.series_of(known_as, update, frame) if gradients else None
        if series is None:
            return
        own = {clipping.clip: clipping.threshold for clipping in clippings if clipping.threshold is not None}
        clippings = [*current.loose_before(gradients), *clippings]
        gradients = clippings[0].before if clippings and clippings[0].after is gradients else gradients
        each, total = jax_graph.norms(gradients)
        numbers: Dict[int, Any] = {NORM_PRE: total}
        flags = self._limited(series, clippings, gradients, numbers)
        if series.control is not None and series.clip in own and keeper is None:
            tracer = jax_graph.jax().core.Tracer
            why = IN_STATE if isinstance(own[series.clip], tracer) else COMPILED
            traced = isinstance(gradients[0], tracer)
            series.fixed = why.format(function=series.clip.function) if traced else None
            if in_force is not None:
                numbers[CHANGE] = in_force.change
        loss, rate = jax_loss.loss_of(gradients), learning_rate(result[1])
        if loss is not None:
            numbers[LOSS] = loss
        if rate is not None:
            numbers[LR] = rate
        changes = [leaf for leaf in tree.tree_leaves(result[0]) if jax_graph.is_gradient(leaf)]
        weights = [leaf for leaf in tree.tree_leaves(given[1]) if jax_graph.is_gradient(leaf)]
        if len(changes) == len(weights) > 0:
            numbers[UPDATE_RATIO] = jax_graph.norms(changes)[1] / jax_graph.norms(weights)[1]
        if current.happens is not None:
            numbers[HAPPENED] = current.happens
        if keeper is not None:
            keeper.keep(series, *arrange(numbers, flags))
            return
        names = tuple(path_name(path) for path, _ in paths)
        layout, computed = arrange(numbers, flags, names)
        jax_graph.leave(series, layout, computed, each)

    def clipped_by_trial(
        self, transformation: Any, update: Any, gradients: Any, extra: Dict[str, Any], frame: FrameType
    ) -> Any:
        """The gradients as the trial has them, if this process is one, and the script doesn't clip."""
        trial = self._recorder.graph_trial
        if trial is None:
            return gradients
        keeper = current.keeper
        series = self.series_of(transformation if keeper is None else keeper.transformation, update, frame)
        threshold = trial.inserted(series)
        if threshold is None:
            return gradients
        if "grad" in extra or "value_fn" in extra:
            trial.refuse("a line search evaluates the loss anew, so that its gradients can't be clipped.")
        clip = sys.modules["optax"].clip_by_global_norm(threshold)
        return clip[1](gradients, clip[0](None), None)[0]

    @property
    def is_controlled(self) -> bool:
        return self._recorder.graph_control is not None

    def control(self, update: Any, gradients: Any) -> Optional[InForce]:
        """What the user has changed of how this transformation clips; None where nothing can be changed.

        A limit would have to be an input of a compiled step, or a callback that the device waits for.
        """
        series = self._series.get(update)
        if series is None or series.control is None or series.clip is None or current.keeper is not None:
            return None
        tracer = jax_graph.jax().core.Tracer
        if any(isinstance(leaf, tracer) for leaf in jax_graph.jax().tree_util.tree_leaves(gradients)):
            return None
        current.kind = series.clip.kind
        return series.control.in_force

    @staticmethod
    def _limited(series: GraphSeries, clippings: List[Clipping], gradients: List[Any], numbers: Dict[int, Any]) -> int:
        """What the clips did that stand before everything else in the transformation; the flags that say how."""
        flags, arrays = 0, gradients
        for clipping in clippings:
            if len(clipping.before) != len(arrays) or any(a is not b for a, b in zip(clipping.before, arrays)):
                break  # these are no longer the gradients
            arrays = clipping.after
            series.clip = clipping.clip
            flags = clipping.flags
            numbers.pop(THRESHOLD, None)
            if clipping.threshold is not None:
                numbers[THRESHOLD] = clipping.threshold
        if arrays is not gradients:
            numbers[NORM_POST] = jax_graph.norms(arrays)[1]
        return flags


recorders: "weakref.WeakKeyDictionary[TorchRecorder, OptaxRecorder]" = weakref.WeakKeyDictionary()


def path_name(path: Tuple[Any, ...]) -> str:
    """A leaf's path as other frameworks name a layer, ``params.Dense_0.kernel``, so that its modules can be told."""
    parts = (getattr(key, "key", getattr(key, "name", getattr(key, "idx", key))) for key in path)
    return ".".join(str(part) for part in parts)


def learning_rate(state: Any) -> Optional[Any]:
    """What ``optax.inject_hyperparams`` keeps in the state; a rate that is a constant of the program isn't there."""

    def holds(node: Any) -> bool:
        return isinstance(getattr(node, "hyperparams", None), dict)

    for node in jax_graph.jax().tree_util.tree_leaves(state, is_leaf=holds):
        if holds(node) and "learning_rate" in node.hyperparams:
            return node.hyperparams["learning_rate"]
    return None


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``optax._src.base``."""
    jax_graph.install(recorder)
    optax = recorders[recorder] = OptaxRecorder(recorder)
    transformation = module.GradientTransformation
    raw = transformation.update

    def update(self: Any) -> Any:
        return _watched(self, raw.__get__(self), optax)

    transformation.update = property(update, doc=raw.__doc__)


def _watched(transformation: Any, update: Any, recorder: OptaxRecorder) -> Any:
    """The function that stands for ``update``, always the same one, since ``jax.jit`` knows a function by its identity."""
    if _guard.failed or getattr(update, "__self__", None) is not None:  # MultiSteps, which calls what it accumulates for
        return update
    if getattr(update, "_gradsight_ring", False):  # it calls what it keeps the norms of
        return update
    known = getattr(update, "_gradsight", None)
    if known is None:
        known = _watch(transformation, update, recorder)
        try:
            update._gradsight = known
        except AttributeError:
            return update
    return known


def _watch(transformation: Any, update: Any, recorder: OptaxRecorder) -> Callable[..., Any]:
    note, control = _guard(recorder.updated), _guard(recorder.control)
    clips = hasattr(update, "_gradsight_clips")

    @functools.wraps(update)
    def watched(updates: Any, state: Any, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        if current.clippings is not None or _guard.failed:
            return update(updates, state, params, *args, **kwargs)
        clippings: List[Clipping] = []
        current.clippings = clippings
        in_force = current.in_force = None if clips or not recorder.is_controlled else control(update, updates)
        try:
            used = updates if clips else recorder.clipped_by_trial(transformation, update, updates, kwargs, caller_frame())
            result = update(used, state, params, *args, **kwargs)
        finally:
            current.clippings = current.in_force = None
        note(transformation, update, clippings, (updates, params), result, caller_frame(), in_force)
        return result

    return watched
