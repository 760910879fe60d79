"""``torch.distributed.checkpoint``: the folder that all ranks save to, at once or in the background."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, List

from .._guard import Guard
from .marks import wrap_save
from .torch_checkpoint import saved
from .torch_recorder import TorchRecorder, torch

_guard = Guard("recording distributed checkpoints")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.distributed.checkpoint.state_dict_saver``."""

    @_guard
    def note(
        _: Any, state_dict: Any, *args: Any, checkpoint_id: Any = None, storage_writer: Any = None, **kwargs: Any
    ) -> None:
        path = getattr(storage_writer, "path", None) if checkpoint_id is None else checkpoint_id
        if isinstance(path, (str, os.PathLike)):
            saved(recorder, [state_dict, *_models(state_dict)], path)

    for name in ("save", "async_save"):
        if hasattr(module, name):  # the latter from PyTorch 2.3 on
            wrap_save(module, name, lambda: recorder.marks, note)


def _models(state_dict: Any) -> List[Any]:
    """Of objects in it that make their states themselves. To ask them for that once more could take a collective."""
    if not isinstance(state_dict, Mapping):
        return []
    stateful = [value for value in state_dict.values() if hasattr(value, "state_dict") and hasattr(value, "__dict__")]
    found = [each for value in stateful for each in vars(value).values()]
    return [each for each in found if isinstance(each, torch().nn.Module)]
