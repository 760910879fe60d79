"""Orbax's checkpoints: what holds the state of Optax's optimizer, where there is but one that it can be of.

A state is a value that comes out of a compiled step: nothing in it says which of several optimizers it belongs to.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator

from .._guard import Guard
from . import jax_graph
from .marks import wrap_save
from .optax_update import recorders
from .torch_recorder import TorchRecorder

_guard = Guard("recording Orbax's checkpoints")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``orbax.checkpoint._src.checkpointers.checkpointer``, or ``….async_checkpointer``."""

    @_guard
    def note(_: Any, checkpointer: Any, directory: Any, *args: Any, **kwargs: Any) -> None:
        optax = recorders.get(recorder)
        only = None if optax is None else optax.only
        if only is not None and any(map(_holds_state, _trees([*args, *kwargs.values()]))):
            jax_graph.jax().effects_barrier()  # the state has been waited for, what the steps say of it may be under way
            recorder.marks.checkpoint([only], directory)

    kind = getattr(module, "AsyncCheckpointer", None) or module.Checkpointer
    wrap_save(kind, "save", lambda: recorder.marks, note)


def _trees(values: Iterable[Any]) -> Iterator[Any]:
    """What is saved: as it is, or in the arguments of Orbax's handlers, of which one may hold several."""
    for value in values:
        if not type(value).__module__.startswith("orbax."):
            yield value
        elif hasattr(type(value), "values"):
            yield from _trees(value.values())
        else:
            yield getattr(value, "item", None)


def _holds_state(tree: Any) -> bool:
    def is_state(node: Any) -> bool:
        return type(node).__module__.startswith("optax.")

    return any(map(is_state, jax_graph.jax().tree_util.tree_leaves(tree, is_leaf=is_state)))
