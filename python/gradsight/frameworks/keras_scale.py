"""Keras's ``LossScaleOptimizer``: the scale and the loss of the update that it lets its inner optimizer make, or leaves out."""

from __future__ import annotations

import functools
from typing import Any, Dict, Optional

from .._guard import Guard
from .._scalars import LOSS, LOSS_SCALE, NORM_PRE
from .._site import caller_frame
from .graph_series import WAS_SKIPPED, arrange
from .keras_update import KerasRecorder, Scaled, recorder_of
from .torch_recorder import TorchRecorder

_guard = Guard("recording Keras's loss scale")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``keras.src.optimizers.loss_scale_optimizer``."""
    keras = recorder_of(recorder, module.backend.backend())
    kind = module.LossScaleOptimizer
    _wrap_apply(kind, "apply", keras)
    _wrap_apply(kind, "stateless_apply", keras)
    _wrap_skip(kind, "_stateful_handle_non_finite_grads", keras)
    _wrap_skip(kind, "_stateless_handle_non_finite_grads", keras)


def _wrap_apply(kind: Any, name: str, keras: KerasRecorder) -> None:
    original = getattr(kind, name)

    @_guard
    def begin(optimizer: Any, args: Any, kwargs: Any) -> Optional[Scaled]:
        stateless = name == "stateless_apply"
        grads = list(kwargs["grads"] if "grads" in kwargs else args[1 if stateless else 0])
        present = [gradient for gradient in grads if gradient is not None]
        if not present or not optimizer.built:  # at the first call outside a trainer the scale doesn't exist yet
            return None
        if stateless:
            values = kwargs["optimizer_variables"] if "optimizer_variables" in kwargs else args[0]
            scale = next(value for own, value in zip(optimizer.variables, values) if own is optimizer.dynamic_scale)
        else:
            scale = optimizer.dynamic_scale.value
        loss = keras.backend.loss_of(present, 1)
        scaled = Scaled(optimizer.inner_optimizer, present, scale, None if loss is None else loss / scale)
        keras.scaled.append(scaled)
        return scaled

    @functools.wraps(original)
    def apply(self: Any, *args: Any, **kwargs: Any) -> Any:
        scaled = begin(self, args, kwargs)
        try:
            return original(self, *args, **kwargs)
        finally:
            if scaled is not None:
                keras.scaled.pop()

    setattr(kind, name, apply)


def _wrap_skip(kind: Any, name: str, keras: KerasRecorder) -> None:
    original = getattr(kind, name)

    @_guard
    def note() -> None:
        if not keras.scaled:
            return
        scaled = keras.scaled[-1]
        series = keras.series_of(scaled.optimizer, caller_frame(2))
        if series is None:
            return
        each, total = keras.backend.norms(scaled.grads)
        numbers: Dict[int, Any] = {WAS_SKIPPED: 1.0, NORM_PRE: total / scaled.scale, LOSS_SCALE: scaled.scale}
        if scaled.loss is not None:
            numbers[LOSS] = scaled.loss
        layout, computed = arrange(numbers, 0)
        keras.backend.leave(series, layout, computed, each[:0])

    @functools.wraps(original)
    def skip(self: Any, *args: Any, **kwargs: Any) -> Any:
        note()
        return original(self, *args, **kwargs)

    setattr(kind, name, skip)
