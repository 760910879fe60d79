"""Clipping: the norm before it, which the clip function has worked out already, its threshold and its place.

The functions are replaced where they are defined, before any other module can have got hold of them, and wherever the
script keeps them if it had imported them before ``gradsight.watch()``.
"""

from __future__ import annotations

import functools
import math
import types
import warnings
import weakref
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

from .._guard import Guard
from .._rebind import rebind
from .._site import caller_frame, caller_location
from ..metrics import gradient_norm, shard_norm
from .torch_clip_norms import Caught, Order, listen
from .torch_gradients import Clip
from .torch_reading import Number, compiling, is_plain, untouchable, whole
from .torch_recorder import TorchRecorder, torch
from .torch_refusal import refused

_guard = Guard("recording clips")
_order = Order()
_inside = False
"""One clip function may call another; the outer one is the script's."""


_total: "Optional[Total]" = None
"""The latest that the script has asked for, to clip by it."""
_caught_nothing = False
"""The function is another library's, or works in another way: the norms are measured before it."""


class Noted(NamedTuple):
    """What is known before the gradients change: whose they are, and their norms, where the function won't tell them."""

    parameters: List[Any]
    layers: Optional[Tuple[List[Any], Any]] = None
    norm: Optional[Number] = None
    are_shares: bool = False
    """The norms of ``layers`` are this rank's shares of them, and so is ``norm``, where there is one."""


class Total(NamedTuple):
    """A total norm, of which tensors, and their norms."""

    tensor: "weakref.ref[Any]"
    of: Tuple[int, ...]
    caught: Caught


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.nn.utils.clip_grad``. ``clip_grad_norm``, without underscore, calls the one with it."""
    _listen_to_totals(module, recorder)
    _replace(module, "clip_grad_norm_", "max_norm", recorder)
    _replace(module, "_clip_grads_with_norm_", "max_norm", recorder)  # clip_grads_with_norm_, where there is one
    _replace(module, "clip_grad_value_", "clip_value", recorder)


def _replace(module: Any, name: str, limit: str, recorder: TorchRecorder) -> None:
    original = getattr(module, name, None)
    if original is None:
        return
    by_value = limit == "clip_value"
    function = f"torch.nn.utils.{name.lstrip('_')}"

    @_guard
    def before(parameters: Any, args: Any, kwargs: Any) -> Optional[Noted]:
        tensors = parameters if isinstance(parameters, list) else [parameters]
        if untouchable(tensors):
            return None
        if name == "clip_grad_norm_" and order_of(args, kwargs) == 2.0 and not _caught_nothing:
            return Noted(tensors)
        if name == "_clip_grads_with_norm_":
            layers, are_shares = _of_total(tensors, total_of(args, kwargs))
            if layers is not None:
                return Noted(tensors, layers, None, are_shares)
        with torch().no_grad():
            having, dense = gradient_norm.gradients(tensors)
            norms = gradient_norm.measure(dense)
            share = shard_norm.measure(dense) if norms is None else None
        if share is not None:
            total = recorder.reader.read(share.total) if by_value else None
            return Noted(tensors, (having, share.each), total, are_shares=True)
        if norms is None:
            return Noted(tensors)
        return Noted(tensors, (having, norms.each), recorder.reader.read(norms.total) if by_value else None)

    def order_of(args: Any, kwargs: Any) -> float:
        if not kwargs and len(args) == 1:
            return 2.0
        return float(kwargs["norm_type"] if "norm_type" in kwargs else args[1] if len(args) > 1 else 2.0)

    def total_of(args: Any, kwargs: Any) -> Any:
        return kwargs["total_norm"] if "total_norm" in kwargs else args[1]

    def read_total(total: Any) -> Tuple[Optional[Number], bool]:
        """And whether it is this rank's share of it, as where the norms of distributed tensors are put together."""
        share = None
        if hasattr(total, "placements") and whole(total) is None:
            with torch().no_grad():
                share = shard_norm.of_norms(total)
        return recorder.reader.read(total if share is None else share), share is not None

    @_guard
    def after(noted: Noted, args: Any, kwargs: Any, result: Any, caught: Optional[Caught]) -> None:
        norm, layers, norm_type, are_shares = noted.norm, noted.layers, 2.0, noted.are_shares
        is_share = norm is not None and are_shares
        ids = ids_of(noted.parameters)
        if name == "clip_grad_norm_":
            norm = recorder.reader.read(result)
            norm_type = order_of(args, kwargs)
            if layers is None:
                layers, are_shares = _layers(noted.parameters, ids, caught)
        elif name == "_clip_grads_with_norm_":
            norm, is_share = read_total(total_of(args, kwargs))
        max_norm = kwargs[limit] if limit in kwargs else args[0]
        recorder.clipped(
            Clip(
                ids=ids,
                by_value=by_value,
                function=function,
                location=caller_location(caller_frame(2)),
                max_norm=max_norm if type(max_norm) is float else read_limit(max_norm),
                norm=norm,
                norm_type=norm_type,
                layers=layers,
                order=recorder.next_order(),
                is_share=is_share,
                layers_are_shares=are_shares,
            )
        )

    def read_limit(max_norm: Any) -> Optional[Number]:
        return recorder.reader.read(max_norm) if hasattr(max_norm, "device") else float(max_norm)

    @_guard
    def raised(parameters: Any, args: Any, kwargs: Any) -> None:
        tensors = parameters if isinstance(parameters, list) else [parameters]
        max_norm = kwargs[limit] if limit in kwargs else args[0]
        location = caller_location(caller_frame(2))
        refused(recorder, tensors, float(max_norm), order_of(args, kwargs), location)

    def checks(args: Any, kwargs: Any) -> bool:
        flag = kwargs.get("error_if_nonfinite", args[2] if len(args) > 2 else False)
        return name == "clip_grad_norm_" and bool(flag)

    @_guard
    def controlled(parameters: Any, args: Any, kwargs: Any) -> Any:
        return recorder.control and recorder.control.limit(parameters, args, kwargs, limit)

    @functools.wraps(original)
    def clip(parameters: Any, *args: Any, **kwargs: Any) -> Any:
        global _inside
        if _inside or compiling() or _guard.failed:
            return original(parameters, *args, **kwargs)
        parameters, given = _listed(parameters)
        if recorder.trial is not None and not by_value:
            args, kwargs = recorder.trial.limit(parameters, args, kwargs)
        if recorder.control is not None:
            args, kwargs = controlled(parameters, args, kwargs) or (args, kwargs)
        noted = before(parameters, args, kwargs)
        caught = None
        _inside = True
        try:
            if given == ():
                result = _passing_warnings(original, given, args, kwargs)
            elif noted is not None and noted.layers is None:
                result, caught = listen(module, original, given, *args, **kwargs)
            else:
                result = original(given, *args, **kwargs)
        except RuntimeError:
            if noted is not None and checks(args, kwargs):
                raised(parameters, args, kwargs)
            raise
        finally:
            _inside = False
        if noted is not None:
            after(noted, args, kwargs, result, caught)
        return result

    _spread(module, name, original, clip)


_latest_ids: Tuple[int, ...] = ()


def ids_of(parameters: List[Any]) -> Tuple[int, ...]:
    """The same tuple as the last time, where they are the same: who has kept something for it need not look it up."""
    global _latest_ids
    ids = tuple(map(id, parameters))
    if ids != _latest_ids:
        _latest_ids = ids
    return _latest_ids


def _layers(
    parameters: List[Any], ids: Tuple[int, ...], caught: Optional[Caught]
) -> Tuple[Optional[Tuple[List[Any], Any]], bool]:
    """The parameters that have a gradient, and the norms [parameters] that the function has worked out of those; and
    whether they are this rank's shares of them.
    """
    global _caught_nothing
    having = parameters
    if caught is None or len(caught.norms) != len(parameters):
        having = [parameter for parameter in parameters if parameter.grad is not None]
        ids = tuple(map(id, having))
    if not having:
        return None, False
    each = None if caught is None else _order.of(having, ids, caught)
    if each is None:
        _caught_nothing = True
        return None, False
    return _known(having, each)


def _known(having: List[Any], each: Any) -> Tuple[Optional[Tuple[List[Any], Any]], bool]:
    """What this rank knows of these norms, and whether that are its shares of them."""
    known = each if is_plain(each) else whole(each)
    if known is not None:
        return (having, known.detach() if known.requires_grad else known), False
    with torch().no_grad():
        share = shard_norm.of_norms(each)
    return (None, False) if share is None else ((having, share.detach()), True)


def _listen_to_totals(module: Any, recorder: TorchRecorder) -> None:
    """``get_total_norm``, by which scripts clip that take the norm of several models together."""
    original = getattr(module, "_get_total_norm", None)
    if original is None:
        return

    @_guard
    def keep(tensors: List[Any], caught: Optional[Caught], total: Any) -> None:
        global _total
        _total = None if caught is None else Total(weakref.ref(total), tuple(map(id, tensors)), caught)

    @_guard
    def raised(tensors: List[Any]) -> None:
        """At which norm the script would have clipped is not known."""
        given = set(map(id, tensors))
        parameters = [
            parameter
            for optimizer, _ in recorder.all_gradients()
            for group in optimizer.param_groups
            for parameter in group["params"]
            if parameter.grad is not None and id(parameter.grad) in given
        ]
        if parameters:
            refused(recorder, parameters, math.inf, 2.0, caller_location(caller_frame(2)))

    @functools.wraps(original)
    def get_total_norm(tensors: Any, *args: Any, **kwargs: Any) -> Any:
        if _inside or compiling() or _guard.failed:
            return original(tensors, *args, **kwargs)
        order = args[0] if args else kwargs.get("norm_type", 2.0)
        if float(order) != 2.0:
            return original(tensors, *args, **kwargs)
        listed = [tensors] if isinstance(tensors, torch().Tensor) else list(tensors)
        if untouchable(listed):
            return original(listed, *args, **kwargs)
        try:
            total, caught = listen(module, original, listed, *args, **kwargs)
        except RuntimeError:
            if args[1] if len(args) > 1 else kwargs.get("error_if_nonfinite"):
                raised(listed)
            raise
        keep(listed, caught, total)
        return total

    _spread(module, "_get_total_norm", original, get_total_norm)


def _of_total(parameters: List[Any], total: Any) -> Tuple[Optional[Tuple[List[Any], Any]], bool]:
    """As ``_layers``, where the script has had exactly the gradients of these parameters put together as ``total``."""
    if _total is None or _total.tensor() is not total:
        return None, False
    having = [parameter for parameter in parameters if parameter.grad is not None]
    if tuple([id(parameter.grad) for parameter in having]) != _total.of:
        return None, False
    each = _order.of(having, tuple(map(id, having)), _total.caught)
    return (None, False) if each is None else _known(having, each)


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
