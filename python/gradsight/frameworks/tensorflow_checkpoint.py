"""TensorFlow's checkpoints: what ``tf.train.Checkpoint`` writes, if an optimizer and what it updates are in it."""

from __future__ import annotations

import sys
import threading
from typing import Any, Iterator

from .._guard import Guard
from .marks import wrap_save
from .torch_recorder import TorchRecorder

_guard = Guard("recording TensorFlow's checkpoints")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``tensorflow.python.checkpoint.checkpoint``. All that is saved is written by ``_write``."""

    @_guard
    def note(prefix: Any, checkpoint: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(prefix, str):  # of a graph, which has not written anything yet
            return
        if threading.current_thread() is threading.main_thread():  # elsewhere it is written late, and of an earlier step
            held = sys.modules["tensorflow"].train.TrackableView(checkpoint).descendants()
            recorder.marks.checkpoint(_optimizers(held), prefix)

    wrap_save(module.Checkpoint, "_write", lambda: recorder.marks, note)


def _optimizers(held: Any) -> Iterator[Any]:
    """Those whose variables are there, too, most of them at least: a model's may be plain ones, or Keras's around them."""
    places = set(map(id, held))
    for each in held:
        variables = getattr(each, "_trainable_variables", None) if hasattr(each, "apply_gradients") else None
        if variables:
            there = [id(variable) in places or id(getattr(variable, "_value", None)) in places for variable in variables]
            if 2 * sum(there) > len(there):
                yield each
