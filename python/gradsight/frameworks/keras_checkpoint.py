"""Keras's checkpoints: a model, or its weights, that is saved; Keras's callbacks do it this way, too."""

from __future__ import annotations

from typing import Any

from .._guard import Guard
from .marks import wrap_save
from .torch_recorder import TorchRecorder

_guard = Guard("recording Keras's checkpoints")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``keras.src.models.model``; of Keras 2, ``tf_keras.src.engine.training``."""

    @_guard
    def note(_: Any, model: Any, filepath: Any, *args: Any, **kwargs: Any) -> None:
        recorder.marks.checkpoint([getattr(model, "optimizer", None)], filepath)

    wrap_save(module.Model, "save", lambda: recorder.marks, note)
    wrap_save(module.Model, "save_weights", lambda: recorder.marks, note)
