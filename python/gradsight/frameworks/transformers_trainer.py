"""Hugging Face's ``Trainer``: its epochs, counted as ``state.epoch`` is, from 0, and its checkpoints."""

from __future__ import annotations

import functools
import os
from typing import Any

from .._guard import Guard
from .marks import wrap_save
from .torch_recorder import TorchRecorder

_guard = Guard("recording the Trainer")

NEAR = 1e-6
"""By how much ``state.epoch``, a sum of shares, may miss a whole number."""


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``transformers.trainer``."""
    _wrap_epochs(module.CallbackHandler, recorder)
    _wrap_checkpoints(module, recorder)


def _wrap_epochs(handler_class: Any, recorder: TorchRecorder) -> None:
    original = handler_class.on_epoch_begin

    @_guard
    def note(handler: Any, state: Any) -> None:
        epoch = float(state.epoch or 0.0)
        if abs(epoch - round(epoch)) < NEAR:  # else it goes on in the middle of one
            recorder.marks.epoch([handler.optimizer], round(epoch))

    @functools.wraps(original)
    def on_epoch_begin(self: Any, args: Any, state: Any, *rest: Any, **kwargs: Any) -> Any:
        note(self, state)
        return original(self, args, state, *rest, **kwargs)

    handler_class.on_epoch_begin = on_epoch_begin


def _wrap_checkpoints(module: Any, recorder: TorchRecorder) -> None:
    trainer_class = module.Trainer

    @_guard
    def note_checkpoint(_: Any, trainer: Any, model: Any, trial: Any = None, *args: Any, **kwargs: Any) -> None:
        folder = f"{module.PREFIX_CHECKPOINT_DIR}-{trainer.state.global_step}"
        recorder.marks.checkpoint([trainer.optimizer], os.path.join(trainer._get_output_dir(trial=trial), folder))

    @_guard
    def note_model(_: Any, trainer: Any, output_dir: Any = None, *args: Any, **kwargs: Any) -> None:
        recorder.marks.checkpoint([trainer.optimizer], output_dir or trainer.args.output_dir)

    wrap_save(trainer_class, "_save_checkpoint", lambda: recorder.marks, note_checkpoint)
    wrap_save(trainer_class, "save_model", lambda: recorder.marks, note_model)
