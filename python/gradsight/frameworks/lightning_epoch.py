"""Lightning's epochs, where it calls ``on_train_epoch_start``. They are counted from 0, as ``trainer.current_epoch`` is."""

from __future__ import annotations

import functools
from typing import Any

from .._guard import Guard
from .torch_recorder import TorchRecorder

_guard = Guard("recording Lightning's epochs")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``lightning.pytorch.loops.fit_loop``."""
    loop_class = getattr(module, "_FitLoop", None) or module.FitLoop
    original = loop_class.on_advance_start

    @_guard
    def note(loop: Any) -> None:
        if not getattr(loop, "restarted_mid_epoch", False) and not getattr(loop, "restarted_on_epoch_end", False):
            recorder.marks.epoch(loop.trainer.optimizers, int(loop.trainer.current_epoch))

    @functools.wraps(original)
    def on_advance_start(self: Any, *args: Any, **kwargs: Any) -> Any:
        note(self)
        return original(self, *args, **kwargs)

    loop_class.on_advance_start = on_advance_start
