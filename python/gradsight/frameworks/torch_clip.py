"""Clipping: the norm before it, which the clip function has worked out already, its threshold and its place.

The functions are replaced where they are defined, before any other module can have got hold of them, and wherever the
script keeps them if it had imported them before ``gradsight.watch()``.
"""

from __future__ import annotations

import functools
import time
import types
import warnings
from typing import Any, Callable, Optional, Tuple

from .._guard import Guard
from .._rebind import rebind
from .._site import caller_frame, caller_location
from ..metrics import gradient_norm
from ..metrics.time_budget import TimeBudget
from .torch_gradients import Clip
from .torch_reading import Number, capturing, compiling
from .torch_recorder import TorchRecorder, torch
from .torch_series import SAMPLING_SHARE

_guard = Guard("recording clips")
_budget = TimeBudget(SAMPLING_SHARE)
_inside = False
"""One clip function may call another; the outer one is the script's."""


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.nn.utils.clip_grad``. ``clip_grad_norm``, without underscore, calls the one with it."""
    _replace(module, "clip_grad_norm_", "max_norm", recorder)
    _replace(module, "_clip_grads_with_norm_", "max_norm", recorder)  # clip_grads_with_norm_, where there is one
    _replace(module, "clip_grad_value_", "clip_value", recorder)


def _replace(module: Any, name: str, limit: str, recorder: TorchRecorder) -> None:
    original = getattr(module, name, None)
    if original is None:
        return
    by_value = limit == "clip_value"
    public = name.lstrip("_")

    @_guard
    def before(parameters: Any) -> "Optional[Tuple[Tuple[int, ...], Any, Optional[Number]]]":
        tensors = parameters if isinstance(parameters, list) else [parameters]
        if capturing(tensors):
            return None
        ids = tuple(map(id, tensors))
        if not by_value and not _budget.due():
            return ids, None, None
        started = time.perf_counter()
        with torch().no_grad():
            having, dense = gradient_norm.gradients(tensors)
            norms = gradient_norm.measure(dense)
        _budget.spent(started)
        if norms is None:
            return ids, None, None
        return ids, (having, norms.each), recorder.reader.read(norms.total) if by_value else None

    @_guard
    def after(noted: Any, args: Any, kwargs: Any, result: Any) -> None:
        ids, layers, norm = noted
        max_norm = kwargs[limit] if limit in kwargs else args[0]
        norm_type = 2.0
        if name == "clip_grad_norm_":
            norm = recorder.reader.read(result)
            norm_type = float(kwargs["norm_type"] if "norm_type" in kwargs else args[1] if len(args) > 1 else 2.0)
        elif name == "_clip_grads_with_norm_":
            norm = recorder.reader.read(kwargs["total_norm"] if "total_norm" in kwargs else args[1])
        recorder.clipped(
            Clip(
                ids=ids,
                by_value=by_value,
                function=f"torch.nn.utils.{public}",
                location=caller_location(caller_frame(2)),
                max_norm=recorder.reader.read(max_norm) if hasattr(max_norm, "device") else float(max_norm),
                norm=norm,
                norm_type=norm_type,
                layers=layers,
                order=recorder.next_order(),
            )
        )

    @functools.wraps(original)
    def clip(parameters: Any, *args: Any, **kwargs: Any) -> Any:
        global _inside
        if _inside or compiling() or _guard.failed:
            return original(parameters, *args, **kwargs)
        parameters, given = _listed(parameters)
        noted = before(parameters)
        _inside = True
        try:
            if given == ():
                result = _passing_warnings(original, given, args, kwargs)
            else:
                result = original(given, *args, **kwargs)
        finally:
            _inside = False
        if noted is not None:
            after(noted, args, kwargs, result)
        return result

    _spread(module, name, original, clip)


def _listed(parameters: Any) -> "Tuple[Any, Any]":
    """The parameters as something to look through, and as something to hand on: an iterator is used up by looking."""
    if isinstance(parameters, torch().Tensor) or isinstance(parameters, list):
        return parameters, parameters
    listed = list(parameters)
    if isinstance(parameters, types.GeneratorType) and not listed:
        return listed, ()  # the function warns of an empty generator
    return listed, listed


def _passing_warnings(original: Callable[..., Any], given: Any, args: Any, kwargs: Any) -> Any:
    """Hands an empty generator on; what the function warns of then is said of the script's line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = original((item for item in given), *args, **kwargs)
    for warning in caught:
        warnings.warn(warning.message, warning.category, stacklevel=3)
    return result


def _spread(module: Any, name: str, original: Any, replacement: Any) -> None:
    setattr(module, name, replacement)
    rebind(original, replacement)
