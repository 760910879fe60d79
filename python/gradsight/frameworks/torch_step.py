"""``optimizer.step()``: one point an update, taken when the gradients are what the optimizer is about to use.

A hook sees one call of ``step``, which is not always one update: a closure computes the gradients inside the call, and
an optimizer may call another one's, or its own base class's, ``step``.
"""

from __future__ import annotations

import functools
import time
from types import FrameType
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, TypeVar

from .._guard import Guard
from .._site import caller_frame
from ..metrics import update_ratio
from ..metrics.update_ratio import UpdateRatio
from . import torch_in_backward, torch_optimizers, torch_pause, torch_step_methods, torch_zeroing
from .torch_measuring import measure
from .torch_reading import capturing, compiling
from .torch_recorder import Scaling, TorchRecorder, torch
from .torch_series import TorchSeries
from .torch_update import Update

Result = TypeVar("Result")

_guard = Guard("recording updates")


class Call:
    """A ``step`` that is under way."""

    nested = 0
    update: Optional[Update] = None
    measured = False
    owner: Optional[TorchSeries] = None
    """The optimizer's series, from the second update on."""
    ratio: Optional[UpdateRatio] = None
    taken: Sequence[Tuple[Any, Any]] = ()
    """Gradients that the optimizer is not to see; see ``torch_pause``."""

    def __init__(self, frame: FrameType, scaling: Optional[Scaling]) -> None:
        self.frame = frame
        self.scaling = scaling


class StepHooks:
    def __init__(self, recorder: TorchRecorder) -> None:
        self._recorder = recorder
        self._call: Optional[Call] = None

    def before(self, optimizer: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """What to call ``step`` with instead, where a closure has to be looked into."""
        if compiling():
            _traced()
            return None
        recorder = self._recorder
        if recorder.unheard:
            return None
        frame = caller_frame(3)
        if self._call is not None:
            if _runs(self._call.frame, frame):
                self._call.nested += 1
                recorder.gradients_of(optimizer).use()
                return None
            self._call = None  # it was left by an exception
        scaling = recorder.scaling if recorder.scaling and recorder.scaling.optimizer is optimizer else None
        if scaling is not None:
            recorder.scaling = None
        call = self._call = Call(frame, scaling)
        owner = call.owner = recorder.known_series(optimizer)
        if owner is not None and recorder.passing is None and owner.ratio_due():
            self._begin_ratio(call, owner, optimizer)
        closure = kwargs["closure"] if "closure" in kwargs else args[1] if len(args) > 1 else None
        if not callable(closure):
            self._measure(call, optimizer)
            return None
        watched = self._watched(call, optimizer, closure)
        if "closure" in kwargs:
            return args, {**kwargs, "closure": watched}
        return (args[0], watched, *args[2:]), kwargs

    def after(self, optimizer: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
        call = self._call
        if call is None or self._recorder.unheard:
            return
        if call.nested:
            call.nested -= 1
            return
        self._call = None
        recorder = self._recorder
        if call.taken:
            torch_pause.give_back(call.taken)
        if call.update is not None:
            if call.ratio is not None:
                self._end_ratio(call.ratio, call.update)
            call.update.end()
        if call.measured:
            recorder.gradients_of(optimizer).use()
        recorder.reader.poll()
        recorder.ended_step(optimizer)

    def is_within(self, frame: FrameType) -> bool:
        """Whether ``frame`` is a part of a ``step`` that is under way."""
        return self._call is not None and _runs(self._call.frame, frame)

    def _measure(self, call: Call, optimizer: Any) -> None:
        call.measured = True
        if self._recorder.passing is not None:
            torch_in_backward.take(self._recorder, self._recorder.passing, optimizer, call.frame)
        else:
            call.update = measure(self._recorder, optimizer, call.frame, call.scaling, call.owner)
        # What a scaler has found it leaves out itself.
        if self._recorder.pause is not None and call.update is not None and call.scaling is None:
            call.taken = self._recorder.pause.before(optimizer, call.update)

    def _begin_ratio(self, call: Call, owner: TorchSeries, optimizer: Any) -> None:
        """Copies the weights, now and then, from the second update on: the first may still be making its state."""
        started = time.perf_counter()
        with torch().no_grad():
            if not capturing(optimizer.param_groups[0]["params"]):
                call.ratio = _with_room(owner, lambda: update_ratio.begin(optimizer))
        owner.ratio_pace.spent(started)

    def _end_ratio(self, ratio: UpdateRatio, update: Update) -> None:
        started = time.perf_counter()
        with torch().no_grad():
            moved = _with_room(update.owner, ratio.measure)
            if moved is not None:
                update.moved_by(moved)
        update.owner.ratio_pace.spent(started)

    def _watched(self, call: Call, optimizer: Any, closure: Callable[..., Any]) -> Callable[..., Any]:
        """The closure, followed by the measurement the first time: those are the gradients at the current point."""
        measure_once = _guard(self._measure)

        @functools.wraps(closure)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if call.measured:
                return closure(*args, **kwargs)
            result = closure(*args, **kwargs)
            measure_once(call, optimizer)
            return result

        return watched


def _with_room(owner: TorchSeries, part: Callable[[], Result]) -> Optional[Result]:
    """A part of the measurement that copies weights; none from the first on for which the device has no room."""
    try:
        return part()
    except torch().cuda.OutOfMemoryError:
        owner.ratio_pace.stop()
        return None


def skipped(recorder: TorchRecorder, scaling: Scaling, frame: FrameType) -> None:
    """An update that the gradient scaler did not let happen."""
    update = measure(recorder, scaling.optimizer, frame, scaling)
    if update is not None:
        update.skipped = True
        update.end()
    recorder.gradients_of(scaling.optimizer).use()


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.optim.optimizer``."""
    hooks = StepHooks(recorder)
    before, after = _before_trial(recorder, hooks), _guard(hooks.after)
    if hasattr(module, "register_optimizer_step_post_hook"):
        module.register_optimizer_step_pre_hook(before)
        module.register_optimizer_step_post_hook(after)
    else:
        torch_step_methods.install(module, before, after)
    torch_optimizers.install(module, recorder)
    torch_zeroing.install_optimizers(module, recorder)
    _watch_tracing(recorder)
    _hooks.append((before, after))


def _before_trial(recorder: TorchRecorder, hooks: StepHooks) -> Any:
    """What a trial clips before the update, it clips before that is recorded, and once."""
    before = _guard(hooks.before)

    def both(optimizer: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        if recorder.trial is None or hooks.is_within(caller_frame()):
            return before(optimizer, args, kwargs)
        changed = recorder.trial.before(optimizer, args, kwargs)
        return before(optimizer, *(changed or (args, kwargs))) or changed

    return both


_hooks: List[Tuple[Any, Any]] = []


def wrap_all(optimizer_class: Any) -> None:
    """For where the hooks have been taken off: wraps ``step`` of each kind of optimizer that there is."""
    for before, after in _hooks:
        for kind in torch_step_methods.subclasses(optimizer_class):
            if "step" in vars(kind):
                torch_step_methods.wrap_step(kind, before, after)


def _traced() -> None:
    """torch.compile is tracing an update, whose place in the graph no hook has."""


def _watch_tracing(recorder: TorchRecorder) -> None:
    global _traced

    def traced() -> None:
        recorder.traced()

    traced._dynamo_marked_constant = True  # type: ignore[attr-defined]  # called while tracing, and not traced itself
    _traced = traced


def _runs(frame: FrameType, inside: FrameType) -> bool:
    """Whether ``frame`` is among the callers of ``inside``."""
    caller: Optional[FrameType] = inside.f_back
    while caller is not None:
        if caller is frame:
            return True
        caller = caller.f_back
    return False
