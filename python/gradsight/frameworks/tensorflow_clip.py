"""Clipping by TensorFlow's functions, before gradients are given to an optimizer."""

from __future__ import annotations

import functools
import math
from typing import Any, Callable, Optional

from .._guard import Guard
from .._protocol import Clip, Location
from .._rebind import rebind
from .._scalars import BY_VALUE
from .._site import caller_frame, caller_location
from .keras_limit import Limit
from .tensorflow_origin import Clipped, clips
from .torch_limit import Arguments
from .torch_recorder import TorchRecorder

_guard = Guard("recording clips of TensorFlow")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``tensorflow.python.ops.clip_ops``."""

    def by_global_norm(
        place: Optional[Location], result: Any, t_list: Any, clip_norm: Any, use_norm: Any = None, name: Any = None
    ) -> None:
        limit = Limit(Clip("norm", "tf.clip_by_global_norm", place), clip_norm, 0)
        for before, after in zip(t_list, result[0]):
            if after is not None:
                clips.put(after, Clipped(before, limit, result[1]))

    def by_norm(place: Optional[Location], result: Any, t: Any, *_args: Any, **_kwargs: Any) -> None:
        clips.put(result, Clipped(t, Limit(Clip("other", "tf.clip_by_norm", place), None, 0)))

    def by_value(
        place: Optional[Location], result: Any, t: Any, clip_value_min: Any, clip_value_max: Any, name: Any = None
    ) -> None:
        same = isinstance(clip_value_max, (int, float)) and clip_value_min == -clip_value_max
        clip = Clip("value", "tf.clip_by_value", place)
        clips.put(result, Clipped(t, Limit(clip, clip_value_max if same else None, BY_VALUE)))

    _wrap(module, "clip_by_global_norm", by_global_norm, _as_in_trial(recorder))
    _wrap(module, "clip_by_norm", by_norm)
    _wrap(module, "clip_by_value", by_value)


def _wrap(module: Any, name: str, note: Callable[..., None], other: Optional[Callable[..., Optional[float]]] = None) -> None:
    """``other`` may give another limit than the script does; an infinite one clips nothing."""
    original = getattr(module, name)
    guarded = _guard(note)

    @functools.wraps(original)
    def clip(*args: Any, **kwargs: Any) -> Any:
        limit = other() if other is not None else None
        if limit is not None:
            if math.isinf(limit):
                return _unclipped(module, *args, **kwargs)
            args, kwargs = _with_clip_norm(limit, *args, **kwargs)
        result = original(*args, **kwargs)
        guarded(caller_location(caller_frame()), result, *args, **kwargs)
        return result

    rebind(original, clip)


def _as_in_trial(recorder: TorchRecorder) -> Callable[[], Optional[float]]:
    def limit() -> Optional[float]:
        trial = recorder.graph_trial
        if trial is None:
            return None
        trial.calls("tf.clip_by_global_norm")
        return trial.of_function("tf.clip_by_global_norm")

    return limit


def _with_clip_norm(limit: float, t_list: Any, clip_norm: Any, *more: Any, **kwargs: Any) -> Arguments:
    return (t_list, limit, *more), kwargs


def _unclipped(module: Any, t_list: Any, clip_norm: Any, use_norm: Any = None, name: Any = None) -> Any:
    """What the function returns where nothing is clipped: at an infinite limit its own result would be NaN."""
    return list(t_list), module.global_norm(t_list, name) if use_norm is None else use_norm
