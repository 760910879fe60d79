"""DeepSpeed: one point for each update of an engine, read from the engine once it has made it.

Under ZeRO and in half precision the engine's optimizer updates copies and shards of the parameters with another one, in
several calls perhaps, and once for nothing while it is made: no hook of that optimizer says anything of the training.
Otherwise the engine calls an optimizer of PyTorch, and that one's hook says all.
"""

from __future__ import annotations

import functools
import os
import sys
import weakref
from types import FrameType
from typing import Any, List, NamedTuple, Optional

from .._guard import Guard
from .._protocol import Clip as ClipSite
from .._site import caller_frame, caller_location
from .marks import wrap_save
from .torch_gradients import Clip
from .torch_measuring import rates
from .torch_reading import Number
from .torch_recorder import TorchRecorder, torch
from .torch_series import TorchSeries
from .torch_update import Measured, Update

_guard = Guard("recording DeepSpeed")

CLIPPING = "gradient_clipping of DeepSpeed's configuration"

KEEPS_SCALED_NORM = "FP16_UnfusedOptimizer"
"""The one optimizer of DeepSpeed whose norm is that of gradients that are still scaled."""


class Beginning(NamedTuple):
    """What is known before the engine updates."""

    scale: Optional[float]
    losses: List[Optional[Number]]


class Engines:
    def __init__(self, recorder: TorchRecorder) -> None:
        self._recorder = recorder
        self._series: "weakref.WeakKeyDictionary[Any, TorchSeries]" = weakref.WeakKeyDictionary()
        self._losses: "weakref.WeakKeyDictionary[Any, List[Optional[Number]]]" = weakref.WeakKeyDictionary()
        recorder.moved.append(lambda session: self._series.clear())

    def differentiates(self, engine: Any, loss: Any, by_steps: bool) -> None:
        """``by_steps``: the engine divides the loss by the number of passes that it accumulates."""
        losses = self._losses.setdefault(engine, [])
        if getattr(loss, "numel", lambda: 0)() != 1:
            losses.append(None)
            return
        with torch().no_grad():
            steps = engine.gradient_accumulation_steps() if by_steps else 1
            losses.append(self._recorder.reader.read(loss.detach().float() / steps))

    def begin(self, engine: Any) -> Beginning:
        losses = self._losses.pop(engine, [])
        if not updates_by_itself(engine):
            gradients = self._recorder.gradients_of(engine.optimizer)
            if len(losses) != len(gradients.losses) and engine.gradient_accumulation_steps() > 1:
                gradients.losses[:] = [None]  # differentiated without the engine, which divides the gradients all the same
        return Beginning(_scale(engine.optimizer) if engine.fp16_enabled() else None, losses)

    def updated(self, engine: Any, beginning: Beginning, frame: FrameType) -> None:
        recorder = self._recorder
        if recorder.reader.full:
            return
        owner = self._series_of(engine, frame)
        if owner is None:
            return
        update = Update(recorder, owner, None)
        update.scale = beginning.scale
        update.losses = beginning.losses
        update.rates = rates(recorder, engine.optimizer)
        update.skips = "DeepSpeed"
        update.skipped = bool(getattr(engine.optimizer, "overflow", False))
        norm = None if update.skipped else self._norm(engine)
        update.before = [] if norm is None else [Measured(norm, False)]
        limit = float(engine.gradient_clipping() or 0.0)
        if limit > 0.0:
            owner.clipped_at(ClipSite("norm", CLIPPING, owner.series.site))
            update.limit = Clip((), False, CLIPPING, owner.series.site, limit, norm, 2.0, None, 0)
            update.derivable = True
        update.end()
        recorder.reader.poll()

    def _norm(self, engine: Any) -> Optional[Number]:
        norm = engine.get_global_grad_norm()
        if norm is None:
            return None
        if type(engine.optimizer).__name__ == KEEPS_SCALED_NORM:
            norm = norm / _scale(engine.optimizer)
        return self._recorder.reader.read(norm) if hasattr(norm, "device") else float(norm)

    def _series_of(self, engine: Any, frame: FrameType) -> Optional[TorchSeries]:
        found = self._series.get(engine)
        if found is None:
            session = self._recorder.session
            basic = getattr(engine, "basic_optimizer", None) or engine.optimizer
            found = TorchSeries.begin(session, [basic], frame, caller_location(frame), named_as=engine)
            if found is not None:
                self._series[engine] = found
                self._recorder.marks.began(engine, found)
                session.uses("deepspeed", getattr(sys.modules.get("deepspeed"), "__version__", None))
        return found


def updates_by_itself(engine: Any) -> bool:
    """Whether the engine's optimizer is DeepSpeed's, and the hooks of the one within it say nothing."""
    return not isinstance(engine.optimizer, torch().optim.Optimizer)


def _scale(optimizer: Any) -> Optional[float]:
    """The loss scale in force."""
    keeper = getattr(optimizer, "loss_scale_config", optimizer)
    scale = getattr(keeper, "cur_scale", None) or getattr(keeper, "loss_scale", None)
    return None if scale is None else float(scale)


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``deepspeed.runtime.engine``."""
    engine_class = module.DeepSpeedEngine
    engines = Engines(recorder)
    _wrap_init(engine_class, recorder)
    _wrap_backward(engine_class, engines)
    _wrap_update(engine_class, engines, recorder)
    _wrap_checkpoint(engine_class, recorder)


def _wrap_init(engine_class: Any, recorder: TorchRecorder) -> None:
    original = engine_class.__init__

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        recorder.unheard += 1
        try:
            original(self, *args, **kwargs)
        finally:
            recorder.unheard -= 1

    engine_class.__init__ = __init__


def _wrap_backward(engine_class: Any, engines: Engines) -> None:
    original = engine_class.backward
    note = _guard(engines.differentiates)

    @functools.wraps(original)
    def backward(self: Any, loss: Any, *args: Any, **kwargs: Any) -> Any:
        note(self, loss, kwargs.get("scale_wrt_gas", True))
        return original(self, loss, *args, **kwargs)

    engine_class.backward = backward


def _wrap_update(engine_class: Any, engines: Engines, recorder: TorchRecorder) -> None:
    """``_take_model_step`` is where ``step`` comes to on the boundary of accumulation, and a pipeline's engine as well."""
    original = engine_class._take_model_step
    begin, end, by_itself = _guard(engines.begin), _guard(engines.updated), _guard(updates_by_itself)

    @functools.wraps(original)
    def _take_model_step(self: Any, *args: Any, **kwargs: Any) -> Any:
        beginning = begin(self)
        unheard = bool(by_itself(self))
        recorder.unheard += unheard
        try:
            result = original(self, *args, **kwargs)
        finally:
            recorder.unheard -= unheard
        if unheard and beginning is not None:
            end(self, beginning, caller_frame())
        return result

    engine_class._take_model_step = _take_model_step


def _wrap_checkpoint(engine_class: Any, recorder: TorchRecorder) -> None:
    @_guard
    def note(_: Any, engine: Any, save_dir: Any, tag: Any = None, *args: Any, **kwargs: Any) -> None:
        folder = f"global_step{engine.global_steps}" if tag is None else str(tag)
        recorder.marks.checkpoint([engine], os.path.join(save_dir, folder))

    wrap_save(engine_class, "save_checkpoint", lambda: recorder.marks, note)
