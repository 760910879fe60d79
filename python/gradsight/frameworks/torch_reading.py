"""Numbers out of tensors without holding up the device.

On the CPU a number is there at once. On a GPU it is copied asynchronously into pinned memory, in the order of the
stream, and read some steps later, when an event says that it has arrived.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import Any, Callable, Deque, Dict, Iterable, List, NamedTuple, Optional, Union

from .._series import LayerNorms

SLOTS = 4096
MAX_WAITING = 256
"""Updates that may wait for the device; beyond that, one is left out rather than waited for."""
PATIENCE = 8
"""Updates after which a device without events is taken to have come so far."""


class Ticket:
    """A number that is still on its way."""

    __slots__ = ("source", "index")

    def __init__(self, source: Any, index: Optional[int]) -> None:
        self.source = source
        self.index = index

    def value(self) -> float:
        return float(self.source.item() if self.index is None else self.source[self.index].item())


Number = Union[float, Ticket]


def value_of(number: Optional[Number]) -> Optional[float]:
    return number.value() if isinstance(number, Ticket) else number


class _Waiting(NamedTuple):
    event: Any
    use: Callable[[], None]


class Reader:
    def __init__(self) -> None:
        self._pinned: Any = None
        self._next = 0
        self._on_device: Optional[Any] = None
        self._waiting: Deque[_Waiting] = deque()

    def read(self, tensor: Any) -> Optional[Number]:
        """The number in a tensor of one element, now or later; None for what only all processes together could say."""
        tensor = whole(tensor)
        if tensor is None:
            return None
        if tensor.is_cpu:
            return float(tensor.item())
        self._on_device = tensor.device
        if tensor.device.type != "cuda":
            return Ticket(tensor.detach().clone(), None)
        torch = sys.modules["torch"]
        if self._pinned is None:
            self._pinned = torch.empty(SLOTS, dtype=torch.float64, pin_memory=True)
        slot, self._next = self._next, (self._next + 1) % SLOTS
        self._pinned[slot].copy_(tensor.detach().reshape(()).to(torch.float64), non_blocking=True)
        return Ticket(self._pinned, slot)

    def copy(self, tensor: Any) -> Any:
        """A vector on the CPU, which may be looked into once all that was read so far has arrived."""
        if tensor.device.type == "cpu":
            return tensor
        self._on_device = tensor.device
        if tensor.device.type != "cuda":
            return tensor.detach().clone()
        torch = sys.modules["torch"]
        arriving = torch.empty(tensor.shape, dtype=torch.float32, pin_memory=True)
        arriving.copy_(tensor.detach().to(torch.float32), non_blocking=True)
        return arriving

    @property
    def full(self) -> bool:
        return len(self._waiting) >= MAX_WAITING

    def when_read(self, use: Callable[[], None]) -> None:
        """Calls ``use`` once all that was read so far has arrived, in the order of these calls."""
        device, self._on_device = self._on_device, None
        if device is None and not self._waiting:
            use()
            return
        event: Any = None
        if device is not None and device.type == "cuda":
            torch = sys.modules["torch"]
            event = torch.cuda.Event()
            event.record(torch.cuda.current_stream(device))
        self._waiting.append(_Waiting(event, use))

    def poll(self) -> None:
        """Uses what has arrived. Never waits."""
        while self._waiting:
            event = self._waiting[0].event
            if not (event.query() if event is not None else len(self._waiting) > PATIENCE):
                return
            self._waiting.popleft().use()

    def drain(self) -> None:
        """At the end: waits for the device, which has nothing more to do."""
        while self._waiting:
            event, use = self._waiting.popleft()
            if event is not None:
                event.synchronize()
            use()


def fetch(reader: Reader, norms: Iterable[LayerNorms]) -> None:
    """Brings those that are on a device to the CPU, some steps later, without waiting: those of a table in one copy."""
    away: Dict[Any, List[LayerNorms]] = {}
    for layers in norms:
        if not layers.norms.is_cpu and not layers.coming:
            layers.coming = True
            away.setdefault((layers.table, layers.norms.device, layers.norms.dtype), []).append(layers)
    for alike in away.values():
        _fetch(reader, alike)


def _fetch(reader: Reader, alike: List[LayerNorms]) -> None:
    copy = reader.copy(sys.modules["torch"].stack([layers.norms for layers in alike]))

    def arrived() -> None:
        for layers, norms in zip(alike, copy.cpu()):
            layers.norms = norms

    reader.when_read(arrived)


def whole(tensor: Any) -> Any:
    """A plain tensor with the whole value: of a distributed tensor, where every process has it, else None."""
    placements = getattr(tensor, "placements", None)
    if placements is None:
        return tensor
    return tensor.to_local() if all(placement.is_replicate() for placement in placements) else None


def capturing(tensors: List[Any]) -> bool:
    """Whether the device is recording a graph, into which nothing of ours may get."""
    if not tensors or not tensors[0].is_cuda:
        return False
    return bool(sys.modules["torch"].cuda.is_current_stream_capturing())


_asks_compiler = True


def know_version(version: str) -> None:
    """Before 2.3 PyTorch is asked elsewhere whether it compiles."""
    global _asks_compiler
    major, minor = version.split(".")[:2]
    _asks_compiler = (int(major), int(minor)) >= (2, 3)


def compiling() -> bool:
    """Whether torch.compile is tracing this call. It replaces the questions below, when it comes across them, by True."""
    if _asks_compiler:
        return bool(sys.modules["torch"].compiler.is_compiling())
    utilities: Any = sys.modules["torch"]._utils
    return hasattr(utilities, "is_compiling") and bool(utilities.is_compiling())
