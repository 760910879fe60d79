"""The loss in TensorFlow: what a ``GradientTape`` differentiated."""

from __future__ import annotations

import functools
from typing import Any

from .._guard import Guard
from .tensorflow_origin import losses
from .torch_recorder import TorchRecorder

_guard = Guard("recording the loss of TensorFlow")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``tensorflow.python.eager.backprop``."""
    tape = module.GradientTape
    original = tape.gradient

    @_guard
    def note(target: Any, gradients: Any) -> None:
        if getattr(target, "shape", None) is not None and target.shape.rank == 0:
            for gradient in module.nest.flatten(gradients):
                if gradient is not None:
                    losses.put(gradient, target)

    @functools.wraps(original)
    def gradient(self: Any, target: Any, *args: Any, **kwargs: Any) -> Any:
        gradients = original(self, target, *args, **kwargs)
        note(target, gradients)
        return gradients

    tape.gradient = gradient
