"""Ignite's checkpoints: what its ``Checkpoint`` hands to ``DiskSaver``, which writes to another name first."""

from __future__ import annotations

import os
from typing import Any

from .._guard import Guard
from .marks import wrap_save
from .torch_checkpoint import saved
from .torch_recorder import TorchRecorder

_guard = Guard("recording Ignite's checkpoints")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``ignite.handlers.checkpoint``."""

    @_guard
    def note(_: Any, saver: Any, checkpoint: Any, filename: Any, *args: Any, **kwargs: Any) -> None:
        saved(recorder, checkpoint, os.path.join(saver.dirname, filename))

    wrap_save(module.DiskSaver, "__call__", lambda: recorder.marks, note)
