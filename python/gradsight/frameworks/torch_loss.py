"""The loss: what the script differentiates.

The gradient of an update is that of the sum of all roots since the last one, so this sum is its loss: with gradient
accumulation the usual mean, for a critic the real and the fake part together.
"""

from __future__ import annotations

import functools
from typing import Any, Optional

from .._guard import Guard
from .torch_reading import Number, compiling
from .torch_recorder import TorchRecorder, torch

_guard = Guard("recording the loss")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.autograd``; ``Tensor.backward`` calls its ``backward``."""
    original = module.backward

    @_guard
    def note(tensors: Any, gradients: Any) -> None:
        if not compiling():
            recorder.backward(_root(tensors, gradients, recorder))

    @functools.wraps(original)
    def backward(tensors: Any, grad_tensors: Any = None, *args: Any, **kwargs: Any) -> Any:
        note(tensors, grad_tensors)
        return original(tensors, grad_tensors, *args, **kwargs)

    module.backward = backward


def _root(tensors: Any, gradients: Any, recorder: TorchRecorder) -> Optional[Number]:
    """The value of the root, unscaled; None where it is not one number, or weighted from outside."""
    if gradients is not None and any(g is not None for g in (gradients if _many(gradients) else (gradients,))):
        return None
    roots = tuple(tensors) if _many(tensors) else (tensors,)
    if len(roots) != 1 or roots[0].numel() != 1:
        return None
    return recorder.reader.read(recorder.unscaled(roots[0]))


def _many(tensors: Any) -> bool:
    return not isinstance(tensors, torch().Tensor)
