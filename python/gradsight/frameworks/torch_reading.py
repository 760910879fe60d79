"""Numbers out of tensors without holding up the device.

On the CPU a number is there at once. On a GPU it is copied asynchronously into pinned memory, in the order of the
stream, and read some steps later, when an event says that it has arrived.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import Any, Callable, Deque, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Union

from .._series import LayerNorms

SLOTS = 4096
MAX_WAITING = 256
"""Updates that may wait for the device; beyond that, one is left out rather than waited for."""
PATIENCE = 8
"""Updates after which a device without events is taken to have come so far."""


class Ring:
    """Pinned memory in which numbers arrive from a device: ``SLOTS`` places, used over and over."""

    def __init__(self, dtype: Any) -> None:
        self.given = 0
        torch = sys.modules["torch"]
        with torch.inference_mode(False):  # or nothing could be written to it later
            self._places = torch.empty(SLOTS, dtype=dtype, device="cpu", pin_memory=True)

    def next(self) -> Any:
        """The next place, a tensor of no dimensions."""
        place = self._places[self.given % SLOTS]
        self.given += 1
        return place


class Ticket:
    """A number that is still on its way."""

    __slots__ = ("_source", "_ring", "_last")

    def __init__(self, source: Any, ring: Optional[Ring] = None) -> None:
        """``source``: where it will be, of which the ring, if it is one's, has just given it away."""
        self._source = source
        self._ring = ring
        self._last = 0 if ring is None else ring.given - 1 + SLOTS
        """Of the numbers that the ring gives a place, the one by which this place is still its own."""

    def value(self) -> Optional[float]:
        """None where another number has taken its place before anyone asked."""
        if self._ring is not None and self._ring.given > self._last:
            return None
        return float(self._source.item())


Number = Union[float, Ticket]


def value_of(number: Optional[Number]) -> Optional[float]:
    return number.value() if isinstance(number, Ticket) else number


class _Waiting(NamedTuple):
    events: List[Any]
    """Of each device that has them."""
    blind: bool
    """Whether there is one that has none."""
    in_vain: bool
    """Whether no number will ever arrive, as in a dry run on the device "meta"."""
    use: Callable[[], None]


class Reader:
    def __init__(self) -> None:
        self._rings: Dict[Any, Ring] = {}
        self._devices: List[Any] = []
        """From which something was read since the last ``when_read``."""
        self._waiting: Deque[_Waiting] = deque()

    def read(self, tensor: Any) -> Optional[Number]:
        """The number in a tensor of one element, now or later; None for what only all processes together could say, and
        while a graph is captured, which would read it anew each time that it runs.
        """
        if is_plain(tensor):
            return float(tensor.item())
        tensor = whole(tensor)
        if tensor is None or fake([tensor]):
            return None
        if tensor.is_cpu:
            return float(tensor.item())
        if capturing([tensor]):
            return None
        self._read_from(tensor.device)
        tensor = tensor.detach()
        if not tensor.is_cuda:
            return Ticket(tensor.clone())
        torch = sys.modules["torch"]
        dtype = torch.float32 if tensor.dtype in (torch.float32, torch.float16, torch.bfloat16) else torch.float64
        ring = self._rings.get(dtype)
        if ring is None:
            ring = self._rings[dtype] = Ring(dtype)
        place = ring.next()
        place.copy_(tensor.reshape(()).to(dtype), non_blocking=True)
        return Ticket(place, ring)

    def copy(self, tensor: Any) -> Any:
        """A vector on the CPU, which may be looked into once all that was read so far has arrived."""
        if tensor.is_cpu:
            return tensor
        self._read_from(tensor.device)
        if not tensor.is_cuda:
            return tensor.detach().clone()
        torch = sys.modules["torch"]
        arriving = torch.empty(tensor.shape, dtype=torch.float32, device="cpu", pin_memory=True)
        arriving.copy_(tensor.detach().to(torch.float32), non_blocking=True)
        return arriving

    def _read_from(self, device: Any) -> None:
        if device not in self._devices:
            self._devices.append(device)

    @property
    def full(self) -> bool:
        return len(self._waiting) >= MAX_WAITING

    @property
    def is_idle(self) -> bool:
        """Whether all that was read so far was there at once."""
        return not self._devices and not self._waiting

    def when_read(self, use: Callable[[], None]) -> None:
        """Calls ``use`` once all that was read so far has arrived, in the order of these calls."""
        if self.is_idle:
            use()
            return
        devices, self._devices = self._devices, []
        events = [_recorded(device) for device in devices if device.type == "cuda"]
        in_vain = any([device.type == "meta" for device in devices])
        self._waiting.append(_Waiting(events, len(events) < len(devices), in_vain, use))

    def poll(self) -> None:
        """Uses what has arrived. Never waits, and asks nothing while a graph is recorded, which that would break."""
        if not self._waiting or self._rings and sys.modules["torch"].cuda.is_current_stream_capturing():
            return
        while self._waiting:
            events, blind, in_vain, use = self._waiting[0]
            if blind and len(self._waiting) <= PATIENCE or not all([event.query() for event in events]):
                return
            self._waiting.popleft()
            if not in_vain:
                use()

    def drain(self) -> None:
        """At the end: waits for the device, which has nothing more to do."""
        while self._waiting:
            events, _, in_vain, use = self._waiting.popleft()
            for event in events:
                event.synchronize()
            if not in_vain:
                use()


def _recorded(device: Any) -> Any:
    """An event that comes after all that the device has been told to do so far."""
    cuda: Any = sys.modules["torch"].cuda
    event = cuda.Event()
    event.record(cuda.current_stream(device))
    return event


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
    norms = [layers.norms for layers in alike]
    try:
        copies = reader.copy(sys.modules["torch"].stack(norms))
    except RuntimeError:  # no room on the device to put them together
        copies = [reader.copy(each) for each in norms]

    def arrived() -> None:
        for layers, copy in zip(alike, copies):
            layers.norms = copy.cpu()

    reader.when_read(arrived)


_plain: Tuple[Any, ...] = ()


def is_plain(tensor: Any) -> bool:
    """Whether it is nothing but a tensor in the processor's memory, as most are: its numbers are there."""
    global _plain
    if not _plain:
        torch: Any = sys.modules["torch"]
        _plain = torch.Tensor, torch.nn.Parameter
    return type(tensor) in _plain and bool(tensor.is_cpu)


def whole(tensor: Any) -> Any:
    """A plain tensor with the whole value: of a distributed tensor, where every process has it, else None."""
    placements = getattr(tensor, "placements", None)
    if placements is None:
        return tensor
    return tensor.to_local() if all(placement.is_replicate() for placement in placements) else None


def untouchable(tensors: Sequence[Any]) -> bool:
    """Whether nothing of ours may get at them now."""
    if tensors and is_plain(tensors[0]):
        return False
    return fake(tensors) or capturing(tensors)


def fake(tensors: Sequence[Any]) -> bool:
    """Whether they are PyTorch's fake tensors, for which shapes alone are worked out: there are no numbers in them."""
    module: Any = sys.modules.get("torch._subclasses.fake_tensor")
    return bool(tensors) and module is not None and isinstance(tensors[0], module.FakeTensor)


def capturing(tensors: Sequence[Any]) -> bool:
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
        return sys.modules["torch"].compiler.is_compiling()  # type: ignore[no-any-return]
    utilities: Any = sys.modules["torch"]._utils
    return hasattr(utilities, "is_compiling") and bool(utilities.is_compiling())
