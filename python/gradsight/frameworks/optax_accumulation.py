"""``optax.MultiSteps``, which computes an update at every call and throws all but each k-th away."""

from __future__ import annotations

import functools
from typing import Any

from .._guard import Guard
from .optax_update import current
from .torch_recorder import TorchRecorder

_guard = Guard("recording Optax's accumulation")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``optax.transforms._accumulation``, or ``optax._src.wrappers`` of an older Optax."""
    kind = module.MultiSteps
    original = kind.update

    @_guard
    def happens(steps: Any, state: Any) -> Any:
        return state.mini_step == steps._every_k_schedule(state.gradient_step) - 1

    @functools.wraps(original)
    def update(self: Any, updates: Any, state: Any, *args: Any, **kwargs: Any) -> Any:
        outer, current.happens = current.happens, happens(self, state)
        try:
            return original(self, updates, state, *args, **kwargs)
        finally:
            current.happens = outer

    kind.update = update
