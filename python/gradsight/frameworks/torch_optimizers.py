"""Every optimizer from its making on, so that passes and clips before its first update are known to be its own."""

from __future__ import annotations

import functools
import gc
from typing import Any

from .._guard import Guard
from .._site import caller_frame
from .torch_reading import compiling
from .torch_recorder import TorchRecorder

_guard = Guard("recording optimizers")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.optim.optimizer``."""
    optimizer_class = module.Optimizer
    made = _guard(recorder.gradients_of)
    _follow(optimizer_class, "__init__", made)
    _follow(optimizer_class, "__setstate__", made)  # copied or unpickled
    for thing in gc.get_objects():
        if type(thing) is not type and isinstance(type(thing), type) and issubclass(type(thing), optimizer_class):
            made(thing)
    _wrap_zero_grad(optimizer_class, recorder)


def _follow(optimizer_class: Any, name: str, made: Any) -> None:
    original = getattr(optimizer_class, name)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        made(self)

    setattr(optimizer_class, name, method)


def _wrap_zero_grad(optimizer_class: Any, recorder: TorchRecorder) -> None:
    original = optimizer_class.zero_grad

    @_guard
    def note(optimizer: Any) -> None:
        recorder.zeroed(optimizer, caller_frame(2))

    @functools.wraps(original)
    def zero_grad(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not compiling():
            note(self)
        return original(self, *args, **kwargs)

    optimizer_class.zero_grad = zero_grad
