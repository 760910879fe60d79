"""Lightning's checkpoints: its ``Trainer``'s, which its callbacks save as well, and those of ``Fabric``."""

from __future__ import annotations

from typing import Any

from .._guard import Guard
from .marks import wrap_save
from .torch_checkpoint import trained
from .torch_recorder import TorchRecorder

_guard = Guard("recording Lightning's checkpoints")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` defines ``Trainer``, or ``Fabric``."""

    @_guard
    def note_trainer(_: Any, trainer: Any, filepath: Any, *args: Any, **kwargs: Any) -> None:
        recorder.marks.checkpoint(trainer.optimizers, filepath)

    @_guard
    def note_fabric(_: Any, fabric: Any, path: Any, state: Any, *args: Any, **kwargs: Any) -> None:
        recorder.marks.checkpoint(trained(recorder, state), path)

    if hasattr(module, "Trainer"):
        wrap_save(module.Trainer, "save_checkpoint", lambda: recorder.marks, note_trainer)
    else:
        wrap_save(module.Fabric, "save", lambda: recorder.marks, note_fabric)
