"""The clip function of a DeepSpeed engine that lets an optimizer of PyTorch update: without ZeRO, in single precision."""

from __future__ import annotations

import functools
from typing import Any, List

from .._guard import Guard
from .._rebind import rebind
from .._site import caller_frame, caller_location
from .torch_gradients import Clip
from .torch_recorder import TorchRecorder, torch

_guard = Guard("recording clips of DeepSpeed")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``deepspeed.runtime.utils``."""
    original = module.clip_grad_norm_

    @_guard
    def note(parameters: List[Any], max_norm: Any, norm_type: Any, result: Any) -> None:
        recorder.clipped(
            Clip(
                ids=tuple(map(id, parameters)),
                by_value=False,
                function="deepspeed.runtime.utils.clip_grad_norm_",
                location=caller_location(caller_frame(2)),
                max_norm=float(max_norm),
                norm=recorder.reader.read(result),
                norm_type=float(norm_type),
                layers=None,
                order=recorder.next_order(),
            )
        )

    @functools.wraps(original)
    def clip_grad_norm_(parameters: Any, max_norm: Any, norm_type: Any = 2, *args: Any, **kwargs: Any) -> Any:
        listed = [parameters] if isinstance(parameters, torch().Tensor) else list(parameters)
        result = original(listed, max_norm, norm_type, *args, **kwargs)
        note(listed, max_norm, norm_type, result)
        return result

    rebind(original, clip_grad_norm_)
