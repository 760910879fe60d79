"""Keras 2, which is ``tf_keras`` now, and ``tf.keras`` where ``TF_USE_LEGACY_KERAS`` is set: on TensorFlow alone."""

from __future__ import annotations

import functools
from typing import Any

from .._guard import Guard
from .keras_update import recorder_of, wrap_clip
from .tensorflow_origin import clips, losses
from .tensorflow_ring import tensorflow
from .torch_recorder import TorchRecorder

_guard = Guard("recording Keras 2")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``tf_keras.src.optimizers.optimizer``."""
    wrap_clip(module._BaseOptimizer, recorder_of(recorder, "tensorflow"))
    _wrap_aggregation(module.Optimizer)


def _wrap_aggregation(optimizer_class: Any) -> None:
    """What sums gradients up over replicas makes new tensors, also where there is but one, of the same values."""
    original = optimizer_class.aggregate_gradients

    @_guard
    def note(before: Any, after: Any) -> None:
        if tensorflow().distribute.has_strategy():
            return
        known = {id(variable): gradient for gradient, variable in before if gradient is not None}
        for gradient, variable in after:
            given = known.get(id(variable))
            if given is None or gradient is None:
                continue
            for origins in (losses, clips):
                origin = origins.get(given)
                if origin is not None:
                    origins.put(gradient, origin)

    @functools.wraps(original)
    def aggregate_gradients(self: Any, grads_and_vars: Any) -> Any:
        before = list(grads_and_vars)
        after = original(self, before)
        after = after if isinstance(after, list) else list(after)
        note(before, after)
        return after

    optimizer_class.aggregate_gradients = aggregate_gradients
