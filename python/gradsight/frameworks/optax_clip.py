"""Optax's clipping transformations: each says what it was given and what it made of it."""

from __future__ import annotations

import functools
import math
import sys
from typing import Any, Optional

from .._guard import Guard
from .._protocol import Clip, Location
from .._rebind import rebind
from .._scalars import BY_VALUE
from .._site import caller_frame, caller_location
from . import jax_graph
from .optax_update import Clipping, current
from .torch_recorder import TorchRecorder

_guard = Guard("recording Optax clips")

# Function → what kind of clipping it is, and the name of the argument that bounds the global norm or each value.
FACTORIES = {
    "clip_by_global_norm": ("norm", "max_norm"),
    "clip": ("value", "max_delta"),
    "clip_by_block_rms": ("other", None),
    "adaptive_grad_clip": ("adaptive", None),
}


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``optax.transforms._clipping``, or ``optax._src.clipping`` of an older Optax."""
    for name, (kind, limit) in FACTORIES.items():
        if hasattr(module, name):
            _wrap(module, name, kind, limit, recorder)


def _wrap(module: Any, name: str, kind: str, limit: Optional[str], recorder: TorchRecorder) -> None:
    original = getattr(module, name)

    @functools.wraps(original)
    def factory(*args: Any, **kwargs: Any) -> Any:
        trial = recorder.graph_trial
        threshold = trial.of_function(f"optax.{name}") if trial is not None and kind == "norm" else None
        if threshold is not None:
            if math.isinf(threshold):
                return sys.modules["optax"].identity()
            args, kwargs = (threshold,), {}
        made = original(*args, **kwargs)
        return _telling(original, made, name, kind, args, kwargs, limit, caller_frame()) or made

    rebind(original, factory)


@_guard
def _telling(factory: Any, made: Any, name: str, kind: str, args: Any, kwargs: Any, limit: Optional[str], frame: Any) -> Any:
    """The transformation with an ``update`` that also tells the outermost one."""
    init, update = made
    threshold = None if limit is None else kwargs[limit] if limit in kwargs else args[0]
    place: Optional[Location] = caller_location(frame)
    clip = Clip(kind, f"optax.{name}", place)

    @_guard
    def note(given: Any, result: Any, other: Optional[float]) -> None:
        leaves = jax_graph.jax().tree_util.tree_leaves
        before, after = ([leaf for leaf in leaves(tree) if jax_graph.is_gradient(leaf)] for tree in (given, result[0]))
        assert current.clippings is not None
        flags = BY_VALUE if kind == "value" else 0
        current.clippings.append(Clipping(clip, threshold if other is None else other, flags, before, after))

    @functools.wraps(update)
    def clipping(updates: Any, state: Any, params: Any = None, *more: Any, **kwargs: Any) -> Any:
        other = None if limit is None else current.limit(kind)
        if other is None:
            result = update(updates, state, params, *more, **kwargs)
        else:
            result = (updates, state) if math.isinf(other) else factory(other)[1](updates, state, params)
        if current.clippings is not None:
            note(updates, result, other)
        return result

    setattr(clipping, "_gradsight_clips", True)
    return type(made)(init, clipping)
