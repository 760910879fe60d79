"""Keras 3: one point an update, on every backend.

Clipping is the last thing that an optimizer does to gradients before it uses them, after accumulating and unscaling, and
it happens in one method. Under JAX and ``tf.function`` this method runs only while the step is traced, so what is
measured becomes part of the traced step.
"""

from __future__ import annotations

import functools
import importlib
import sys
import weakref
from contextlib import nullcontext
from types import FrameType
from typing import Any, ContextManager, Dict, List, NamedTuple, Optional, Tuple

from .._guard import Guard
from .._scalars import LOSS, LOSS_SCALE, LR, NORM_POST, NORM_PRE, THRESHOLD
from .._site import caller_frame
from .graph_series import CHANGE, HAPPENED, GraphSeries, arrange
from .keras_control import KerasControl
from .keras_limit import limit_of, told
from .torch_recorder import TorchRecorder

_guard = Guard("recording Keras updates")

# Keras's backend → module and class of this package.
BACKENDS = {
    "torch": ("keras_torch", "KerasTorch"),
    "jax": ("keras_jax", "KerasJax"),
    "tensorflow": ("keras_tensorflow", "KerasTensorflow"),
}


PACKAGES = ("keras", "tf_keras")
"""Keras 3 and, since it is not that, Keras 2."""


class Scaled(NamedTuple):
    """An update under a dynamic loss scale that is under way: ``grads`` are still scaled, ``loss`` is not."""

    optimizer: Any
    grads: Any
    scale: Any
    loss: Any


class KerasRecorder:
    def __init__(self, recorder: TorchRecorder, backend: Any) -> None:
        self._recorder = recorder
        self.backend = backend
        self.scaled: List[Scaled] = []
        """The innermost is the last."""
        self._series: "weakref.WeakKeyDictionary[Any, GraphSeries]" = weakref.WeakKeyDictionary()
        recorder.moved.append(lambda session: self._series.clear())

    def series_of(self, optimizer: Any, frame: FrameType) -> Optional[GraphSeries]:
        found = self._series.get(optimizer)
        if found is None:
            kind = type(optimizer)
            package, _, rest = kind.__module__.partition(".")
            module = f"{package}.optimizers" if package in PACKAGES and rest.startswith("src.") else kind.__module__
            found = GraphSeries.begin(self._recorder.session, optimizer, f"{module}.{kind.__qualname__}", frame)
            if found is None:
                return None
            self._series[optimizer] = found
            if self._recorder.graph_control is not None:
                self._recorder.graph_control.begin(found)
            self._recorder.marks.began(optimizer, found)
            package = package if package in PACKAGES else "keras"
            self._recorder.session.uses("keras", getattr(sys.modules.get(package), "__version__", None))
        return found

    @property
    def is_controlled(self) -> bool:
        return self._recorder.graph_control is not None

    def control(self, optimizer: Any, grads: Any, frame: FrameType) -> Optional[KerasControl]:
        """What the user has changed of how this update clips ``grads``; None: nothing can be changed."""
        present = [gradient for gradient in grads if gradient is not None]
        series = self.series_of(optimizer, frame) if present else None
        return None if series is None else KerasControl.of(optimizer, series, present, self.backend)

    def told(self, optimizer: Any, grads: Any, frame: FrameType) -> ContextManager[None]:
        """In here the optimizer is told to clip as the trial has it, if this process is one."""
        trial = self._recorder.graph_trial
        if trial is None or all(gradient is None for gradient in grads):
            return nullcontext()
        series = self.series_of(optimizer, frame)
        own = optimizer.global_clipnorm
        limit = trial.of_optimizer(series) if own and own > 0 else trial.inserted(series)
        return nullcontext() if limit is None else told(optimizer, "global_clipnorm", limit)

    def update(
        self, optimizer: Any, grads: Any, clipped: Any, frame: FrameType, control: Optional[KerasControl] = None
    ) -> None:
        """The optimizer is about to use ``clipped``, which it made of ``grads``."""
        present = [index for index, gradient in enumerate(grads) if gradient is not None]
        series = self.series_of(optimizer, frame) if present else None
        if series is None:
            return
        backend = self.backend
        before = backend.before_clipping([grads[index] for index in present])
        each, total = backend.norms(before.gradients)
        numbers: Dict[int, Any] = {NORM_PRE: total, LR: optimizer.learning_rate}
        limit = limit_of(optimizer) or before.limit
        if limit is not None:
            series.clip = limit.clip
            numbers[NORM_POST] = backend.norms([clipped[index] for index in present])[1]
            if limit.threshold is not None:
                numbers[THRESHOLD] = limit.threshold
        if control is not None:
            numbers[CHANGE] = control.change
        accumulates = getattr(optimizer, "gradient_accumulation_steps", None) or 1
        if accumulates > 1 and backend.accumulates_by_masking:
            numbers[HAPPENED] = (optimizer._iterations + 1) % accumulates == 0
        scale = getattr(optimizer, "loss_scale_factor", None)
        loss = backend.loss_of(before.gradients, accumulates)
        if self.scaled:
            scale, loss = self.scaled[-1].scale, self.scaled[-1].loss
        elif loss is not None and scale is not None:
            loss = loss / scale
        if scale is not None:
            numbers[LOSS_SCALE] = scale
        if loss is not None:
            numbers[LOSS] = loss
        names = self._names(optimizer, present, len(grads))
        layout, computed = arrange(numbers, limit.flags if limit else 0, names)
        backend.leave(series, layout, computed, each if names else each[:0])

    @staticmethod
    def _names(optimizer: Any, present: List[int], count: int) -> Tuple[str, ...]:
        variables = getattr(optimizer, "_trainable_variables", ())
        if len(variables) != count:  # variables without a gradient were left out before
            return ()
        return tuple(str(getattr(variables[index], "path", variables[index].name)) for index in present)


def recorder_of(recorder: TorchRecorder, backend: str) -> KerasRecorder:
    """The one of this session for this backend, by Keras's name of it."""
    known = _recorders.setdefault(recorder, {})
    found = known.get(backend)
    if found is None:
        part, kind = BACKENDS[backend]
        found = KerasRecorder(recorder, getattr(importlib.import_module(f"{__package__}.{part}"), kind)(recorder))
        known[backend] = found
    return found


_recorders: "weakref.WeakKeyDictionary[TorchRecorder, Dict[str, KerasRecorder]]" = weakref.WeakKeyDictionary()


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``keras.src.optimizers.base_optimizer``."""
    wrap_clip(module.BaseOptimizer, recorder_of(recorder, module.backend.backend()))


def wrap_clip(optimizer_class: Any, recorder: KerasRecorder) -> None:
    original = optimizer_class._clip_gradients
    note, control, replace = _guard(recorder.update), _guard(recorder.control), _guard(KerasControl.replace)

    @functools.wraps(original)
    def _clip_gradients(self: Any, grads: Any) -> Any:
        frame = caller_frame()
        if recorder.is_controlled:
            held = control(self, grads, frame)
            with nullcontext() if held is None else held.told(self):
                clipped = original(self, grads)
                if held is not None:
                    clipped = replace(held, clipped) or clipped
                note(self, grads, clipped, frame, held)
            return clipped
        with recorder.told(self, grads, frame):
            clipped = original(self, grads)
            note(self, grads, clipped, frame)
        return clipped

    optimizer_class._clip_gradients = _clip_gradients
