"""safetensors: a checkpoint where what it saves is what an optimizer updates, as with ``torch.save``."""

from __future__ import annotations

from typing import Any

from .._guard import Guard
from .marks import wrap_save
from .torch_checkpoint import saved
from .torch_recorder import TorchRecorder

_guard = Guard("recording safetensors' files")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``safetensors.torch``."""

    @_guard
    def note_file(_: Any, tensors: Any, filename: Any, *args: Any, **kwargs: Any) -> None:
        saved(recorder, tensors, filename)

    @_guard
    def note_model(_: Any, model: Any, filename: Any, *args: Any, **kwargs: Any) -> None:
        saved(recorder, model, filename)

    wrap_save(module, "save_file", lambda: recorder.marks, note_file)
    wrap_save(module, "save_model", lambda: recorder.marks, note_model)
