"""Keras's epochs: those of training alone are told to the callbacks. They are counted from 1, as Keras shows them."""

from __future__ import annotations

import functools
from typing import Any

from .._guard import Guard
from .torch_recorder import TorchRecorder

_guard = Guard("recording Keras's epochs")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``keras.src.callbacks.callback_list``; of Keras 2, ``tf_keras.src.callbacks``."""
    original = module.CallbackList.on_epoch_begin

    @_guard
    def note(callbacks: Any, epoch: int) -> None:
        # Under JAX, to ask for `model` brings the whole state back; Keras 2 has nothing else.
        model = callbacks._model if hasattr(callbacks, "_model") else callbacks.model
        recorder.marks.epoch([getattr(model, "optimizer", None)], int(epoch) + 1)

    @functools.wraps(original)
    def on_epoch_begin(self: Any, epoch: int, *args: Any, **kwargs: Any) -> Any:
        note(self, epoch)
        return original(self, epoch, *args, **kwargs)

    module.CallbackList.on_epoch_begin = on_epoch_begin
