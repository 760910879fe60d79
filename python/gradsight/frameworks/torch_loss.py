"""The loss: what the script differentiates.

The gradient of an update is that of the sum of all roots since the last one, so this sum is its loss: with gradient
accumulation the usual mean, for a critic the real and the fake part together. A root counts for those optimizers whose
gradients its pass has changed.
"""

from __future__ import annotations

import functools
from typing import Any, Optional, Tuple

from .._guard import Guard
from .._site import caller_frame
from . import torch_in_backward
from .torch_reading import Number, compiling, untouchable
from .torch_recorder import Pass, TorchRecorder, torch

_guard = Guard("recording the loss")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.autograd``; ``Tensor.backward`` calls its ``backward``."""
    original = module.backward

    @_guard
    def begin(tensors: Any, gradients: Any) -> Optional[Pass]:
        if recorder.passing is not None:
            return None  # a pass inside a pass, as activation checkpointing makes them, is part of it
        roots = (tensors,) if isinstance(tensors, torch().Tensor) else tuple(tensors)
        if untouchable(roots):
            return None
        loss = None if gradients is not None and _weighted(gradients) else _value(roots, recorder)
        recorder.culprits.look(loss, roots)
        return recorder.begin_pass(loss, caller_frame(2) if recorder.compiles_updates else None)

    @_guard
    def end(passing: Pass) -> None:
        recorder.end_pass(passing)
        if passing.parts:
            torch_in_backward.finish(recorder, passing, caller_frame(2))

    @functools.wraps(original)
    def backward(tensors: Any, grad_tensors: Any = None, *args: Any, **kwargs: Any) -> Any:
        if compiling():
            return original(tensors, grad_tensors, *args, **kwargs)
        passing = begin(tensors, grad_tensors)
        try:
            return original(tensors, grad_tensors, *args, **kwargs)
        finally:
            if passing is not None:
                end(passing)

    module.backward = backward


def _weighted(gradients: Any) -> bool:
    """Whether the roots are weighted from outside."""
    return any(g is not None for g in ((gradients,) if isinstance(gradients, torch().Tensor) else gradients))


def _value(roots: Tuple[Any, ...], recorder: TorchRecorder) -> Optional[Number]:
    """Of the root, unscaled; None where it is not one number."""
    if len(roots) != 1 or roots[0].numel() != 1:
        return None
    return recorder.reader.read(recorder.unscaled(roots[0]))
