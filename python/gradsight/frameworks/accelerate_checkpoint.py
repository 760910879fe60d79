"""Accelerate's checkpoints: the folder of a state, or of a model."""

from __future__ import annotations

from typing import Any

from .._guard import Guard
from .marks import wrap_save
from .torch_checkpoint import trained
from .torch_recorder import TorchRecorder

_guard = Guard("recording Accelerate's checkpoints")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``accelerate.accelerator``."""

    @_guard
    def note_state(result: Any, accelerator: Any, output_dir: Any = None, *args: Any, **kwargs: Any) -> None:
        path = result or output_dir  # the former where Accelerate names it
        if path is not None:
            recorder.marks.checkpoint(accelerator._optimizers, path)

    @_guard
    def note_model(_: Any, accelerator: Any, model: Any, save_directory: Any, *args: Any, **kwargs: Any) -> None:
        recorder.marks.checkpoint(trained(recorder, model), save_directory)

    wrap_save(module.Accelerator, "save_state", lambda: recorder.marks, note_state)
    wrap_save(module.Accelerator, "save_model", lambda: recorder.marks, note_model)
