"""What a trial does to a training in PyTorch: another threshold where the script clips, or a clip where it does not.

Nothing in here is guarded: a trial that can't be made as it was meant fails, and the sweep says so.
"""

from __future__ import annotations

import functools
import math
from types import FrameType
from typing import Any, Callable, Dict, Tuple

from .._naming import variable_name
from .._site import caller_frame
from .._trial import Trial, TrialFinished
from .torch_gradients import NONE
from .torch_limit import with_limit
from .torch_recorder import TorchRecorder, torch
from .torch_series import TorchSeries


class TorchTrial:
    def __init__(self, trial: Trial, recorder: TorchRecorder) -> None:
        self._trial = trial
        self._recorder = recorder
        self._begun: Dict[str, int] = {}

    def limit(self, parameters: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """The arguments of a clip by norm of these parameters, ``max_norm`` first, as the trial has them."""
        threshold = self._trial.plan.threshold
        if threshold is None or not self._clips(parameters, caller_frame(1)):
            return args, kwargs
        return with_limit(args, kwargs, "max_norm", threshold)

    def unscale(self, scaler: Any, optimizer: Any) -> None:
        """The scaler is about to step: what is clipped before the update must no longer be scaled.

        Once: the scaler would do it now itself, or leave it to a fused optimizer, and knows that it is done.
        """
        if self._inserts_for(optimizer, caller_frame(1)) and optimizer not in self._recorder.unscaled_at:
            scaler.unscale_(optimizer)

    def before(self, optimizer: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """Called with ``step``'s arguments before the recorder: what is clipped here is recorded as a clip."""
        recorder = self._recorder
        if recorder.unheard or not self._inserts_for(optimizer, caller_frame(1)):
            return None
        if recorder.passing is not None:
            raise RuntimeError("Gradsight: gradients that are used inside the backward pass can't be clipped together.")
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if not callable(closure):
            self._clip(optimizer)
            return None
        clipping = self._clipping(closure, optimizer)
        if "closure" in kwargs:
            return args, {**kwargs, "closure": clipping}
        return (args[0], clipping, *args[2:]), kwargs

    def made(self, owner: TorchSeries) -> None:
        """An update was made or skipped. Raises ``TrialFinished`` after the last one."""
        plan = self._trial.plan
        if self._trial.device is None:
            self._trial.device = owner.device
        if plan.series is not None and owner.series.id != plan.series:
            return
        begun = self._begun.setdefault(owner.series.id, owner.updates - 1)
        if owner.updates - begun >= plan.steps:
            owner.session.event("note", f"The trial was ended after {plan.steps} steps.", owner.series, owner.updates - 1)
            raise TrialFinished(0)

    def _inserts_for(self, optimizer: Any, frame: FrameType) -> bool:
        plan = self._trial.plan
        clips = plan.threshold is not None and math.isfinite(plan.threshold)
        return plan.inserts and clips and self._is_meant(optimizer, frame)

    def _clips(self, parameters: Any, frame: FrameType) -> bool:
        """Whether it is about these parameters."""
        if self._trial.plan.series is None:
            return True
        ids = tuple(map(id, parameters if isinstance(parameters, list) else [parameters]))
        return any(
            gradients.coverage(optimizer, ids) != NONE and self._is_meant(optimizer, frame)
            for optimizer, gradients in self._recorder.all_gradients()
        )

    def _is_meant(self, optimizer: Any, frame: FrameType) -> bool:
        wanted = self._trial.plan.series
        if wanted is None:
            return True
        owner = self._recorder.known_series(optimizer)
        if owner is not None:
            return owner.series.id == wanted
        return (variable_name(frame, optimizer) or type(optimizer).__name__) == wanted  # as its series will be called

    def _clipping(self, closure: Callable[..., Any], optimizer: Any) -> Callable[..., Any]:
        @functools.wraps(closure)
        def clipping(*args: Any, **kwargs: Any) -> Any:
            result = closure(*args, **kwargs)
            self._clip(optimizer)
            return result

        return clipping

    def _clip(self, optimizer: Any) -> None:
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        torch().nn.utils.clip_grad_norm_(parameters, self._trial.plan.threshold)
