"""The norm of each gradient, out of the clip function: it works them out on its way to the total norm.

From PyTorch 1.13 on, by whichever kernels, it puts them into one tensor by ``torch.stack``. While it runs, its module
sees a ``torch`` whose ``stack`` keeps what it makes. So nothing is computed twice, and nothing waits for a device.
"""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, TypeVar

from ..metrics.bringing import brought

Result = TypeVar("Result")


class Caught(NamedTuple):
    """The norms one by one, as they were put together, and together: [gradients]."""

    norms: List[Any]
    stacked: Any


_asked_for: List[str] = []
"""What clip functions have used of ``torch``."""


class _Listening(ModuleType):
    """``torch`` to one call in one thread."""

    def __init__(self) -> None:
        super().__init__("torch")
        self.caught: Optional[Caught] = None
        self._torch = sys.modules["torch"]
        self._thread = 0

    def begin(self) -> None:
        """What a call has asked for the next one gets as it is now."""
        self.caught = None
        self._thread = threading.get_ident()
        own, now = vars(self), vars(self._torch)
        for name in _asked_for:
            if name in now:
                own[name] = now[name]

    def __getattr__(self, name: str) -> Any:
        found = vars(self)[name] = getattr(self._torch, name)  # it is asked for once for each gradient
        if name not in _asked_for:
            _asked_for.append(name)
        return found

    def stack(self, tensors: Any, *args: Any, **kwargs: Any) -> Any:
        stacked = self._torch.stack(tensors, *args, **kwargs)
        if threading.get_ident() == self._thread:
            self.caught = Caught(tensors, stacked)
        return stacked


_free: List[_Listening] = []
"""Those that no call uses now."""


def listen(module: Any, function: Callable[..., Result], *args: Any, **kwargs: Any) -> "Tuple[Result, Optional[Caught]]":
    """What ``function`` returns, and the norms that the functions of ``module`` put together in it."""
    try:
        listening = _free.pop()
    except IndexError:
        listening = _Listening()
    listening.begin()
    namespace = vars(module)
    namespace["torch"] = listening
    try:
        return function(*args, **kwargs), listening.caught
    finally:
        namespace["torch"] = listening._torch
        listening.caught = None
        _free.append(listening)


class Order:
    """Brings norms into the order of the gradients: the function takes those of a type together."""

    def __init__(self) -> None:
        self._known: Dict[Tuple[int, ...], Optional[_Places]] = {}
        self._latest: Tuple[Tuple[int, ...], Optional[_Places]] = (-1,), None

    def of(self, having: List[Any], ids: Tuple[int, ...], caught: Caught) -> Optional[Any]:
        """The norms of the gradients of these parameters, of which ``ids`` are, [gradients]; None where it can't be told whose is
        which."""
        if len(having) != len(caught.norms):
            return None
        if ids is self._latest[0]:
            places = self._latest[1]
        else:
            if ids not in self._known:
                if len(self._known) > 1024:
                    self._known.clear()
                self._known[ids] = _places([parameter.grad for parameter in having], caught)
            places = self._known[ids]
            self._latest = ids, places
        if places is None:
            return None
        return caught.stacked if places.tensor is None else caught.stacked[places.tensor]


class _Places(NamedTuple):
    """Where each gradient's norm stands; None: in the same order."""

    tensor: Optional[Any]


def _places(gradients: List[Any], caught: Caught) -> Optional[_Places]:
    """Gradients of a type keep their order."""
    kinds = {(gradient.device, gradient.dtype) for gradient in gradients}
    if len(kinds) == 1:
        return _Places(None)
    by_type: Dict[Any, List[int]] = {}
    for place, norm in enumerate(caught.norms):
        by_type.setdefault(norm.dtype, []).append(place)
    if len(by_type) != len(kinds) or any(dtype.is_complex for _, dtype in kinds):
        return None
    coming = {dtype: iter(places) for dtype, places in by_type.items()}
    found = [next(coming.get(gradient.dtype, iter(())), -1) for gradient in gradients]
    if -1 in found:
        return None
    return _Places(brought(sys.modules["torch"].tensor(found, device="cpu"), caught.stacked.device))
