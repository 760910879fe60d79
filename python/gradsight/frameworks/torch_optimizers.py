"""Every optimizer from its making on, so that passes and clips before its first update are known to be its own."""

from __future__ import annotations

import functools
import gc
from typing import Any

from .._guard import Guard
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


def _follow(optimizer_class: Any, name: str, made: Any) -> None:
    original = getattr(optimizer_class, name)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        made(self)

    setattr(optimizer_class, name, method)
