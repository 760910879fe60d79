"""Gradient scalers: which gradients are still scaled and by how much, and the steps that the scaler skips.

A skipped step never reaches the optimizer, so that no hook of the optimizer sees it.
"""

from __future__ import annotations

import functools
import math
from typing import Any, Optional

from .._guard import Guard
from .._site import caller_frame
from .torch_recorder import Scaling, TorchRecorder
from .torch_step import skipped

_guard = Guard("recording the gradient scaler")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` defines ``GradScaler``."""
    scaler_class = module.GradScaler
    methods = vars(scaler_class)
    if "step" not in methods:  # a subclass of one that is done already
        return
    _wrap_scale(scaler_class, recorder)
    _wrap_unscale(scaler_class, recorder)
    _wrap_step(scaler_class, recorder)


def _wrap_scale(scaler_class: Any, recorder: TorchRecorder) -> None:
    original = scaler_class.scale

    @_guard
    def note(scaler: Any, outputs: Any, result: Any) -> None:
        if scaler.is_enabled() and hasattr(outputs, "detach") and hasattr(result, "detach"):
            recorder.scaled(outputs, result)

    @functools.wraps(original)
    def scale(self: Any, outputs: Any) -> Any:
        result = original(self, outputs)
        note(self, outputs, result)
        return result

    scaler_class.scale = scale


def _wrap_unscale(scaler_class: Any, recorder: TorchRecorder) -> None:
    original = scaler_class.unscale_

    @_guard
    def note(scaler: Any, optimizer: Any) -> None:
        if scaler.is_enabled() and optimizer not in recorder.unscaled_at:
            recorder.unscaled_at[optimizer] = recorder.next_order()

    @functools.wraps(original)
    def unscale_(self: Any, optimizer: Any) -> Any:
        result = original(self, optimizer)
        note(self, optimizer)
        return result

    scaler_class.unscale_ = unscale_


def _wrap_step(scaler_class: Any, recorder: TorchRecorder) -> None:
    original = scaler_class.step

    @_guard
    def before(scaler: Any, optimizer: Any) -> Optional[Scaling]:
        if not scaler.is_enabled():
            return None
        scale = getattr(scaler, "_scale", None)  # the public get_scale() waits for the device
        recorder.scaling = Scaling(
            optimizer=optimizer,
            scale=None if scale is None else recorder.reader.read(scale),
            unscaled_at=recorder.unscaled_at.get(optimizer, math.inf),
        )
        return recorder.scaling

    @_guard
    def after(scaling: Scaling) -> None:
        recorder.unscaled_at.pop(scaling.optimizer, None)
        if recorder.scaling is scaling:  # no update has taken it
            skipped(recorder, scaling, caller_frame(2))
            recorder.scaling = None
            recorder.ended_step(scaling.optimizer)

    @functools.wraps(original)
    def step(self: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        if recorder.trial is not None:
            recorder.trial.unscale(self, optimizer)
        scaling = before(self, optimizer)
        try:
            result = original(self, optimizer, *args, **kwargs)
        except BaseException:
            recorder.scaling = None
            raise
        if scaling is not None:
            after(scaling)
        return result

    scaler_class.step = step
