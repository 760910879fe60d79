"""Gradients that are thrown away: what was differentiated into them and clipped them counts no more.

Gradients that are set to None show that by themselves, at the next backward pass; those that are filled with zeros don't.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

from .._guard import Guard
from .._site import caller_frame
from .torch_reading import compiling
from .torch_recorder import TorchRecorder

_guard = Guard("recording zero_grad")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.nn.modules.module``."""
    original = module.Module.zero_grad
    sets_to_none = inspect.signature(original).parameters["set_to_none"].default

    @_guard
    def note(zeroed: Any) -> None:
        recorder.parameters_zeroed(tuple(map(id, zeroed.parameters())), caller_frame(2))

    @functools.wraps(original)
    def zero_grad(self: Any, set_to_none: bool = sets_to_none) -> Any:
        if not set_to_none and not compiling():
            note(self)
        return original(self, set_to_none)

    module.Module.zero_grad = zero_grad


def install_optimizers(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.optim.optimizer``."""
    original = module.Optimizer.zero_grad

    @_guard
    def note(optimizer: Any) -> None:
        recorder.zeroed(optimizer, caller_frame(2) if recorder.compiles_updates else None)

    @functools.wraps(original)
    def zero_grad(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not compiling():
            note(self)
        return original(self, *args, **kwargs)

    module.Optimizer.zero_grad = zero_grad
