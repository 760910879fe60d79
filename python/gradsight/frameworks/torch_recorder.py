"""What the hooks of PyTorch share: the backward passes and clips since the last update, and a series an optimizer."""

from __future__ import annotations

import math
import sys
import weakref
from types import FrameType
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._protocol import Location
from .._session import Session
from .torch_reading import Number, Reader
from .torch_series import TorchSeries


class Clip:
    """One call of a clip function."""

    __slots__ = ("by_value", "function", "ids", "layers", "location", "max_norm", "norm", "norm_type", "order", "used")

    def __init__(
        self,
        ids: Tuple[int, ...],
        by_value: bool,
        function: str,
        location: Optional[Location],
        max_norm: Optional[Number],
        norm: Optional[Number],
        norm_type: float,
        layers: Any,
        order: int,
    ) -> None:
        self.ids = ids
        self.by_value = by_value
        self.function = function
        self.location = location
        self.max_norm = max_norm
        self.norm = norm
        self.norm_type = norm_type
        self.layers = layers
        self.order = order
        self.used = False

    @property
    def only_measures(self) -> bool:
        return isinstance(self.max_norm, float) and math.isinf(self.max_norm)


class Scaling(NamedTuple):
    """A gradient scaler's ``step`` that is under way."""

    optimizer: Any
    scale: Optional[Number]
    unscaled_at: float
    """Clips of a lower order saw gradients that were still scaled."""


class TorchRecorder:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.reader = Reader()
        self.losses: List[Number] = []
        self.clips: Dict[Tuple[int, ...], List[Clip]] = {}
        self.scaling: Optional[Scaling] = None
        self.unscaled_at: "weakref.WeakKeyDictionary[Any, int]" = weakref.WeakKeyDictionary()
        self._series: "weakref.WeakKeyDictionary[Any, TorchSeries]" = weakref.WeakKeyDictionary()
        self._scaled: Optional[Tuple[Any, Any]] = None
        self._updated = False
        self._order = 0
        session.before_close(self.reader.drain)

    def scaled(self, loss: Any, result: Any) -> None:
        """A gradient scaler made ``result`` of ``loss``."""
        self._scaled = (weakref.ref(result), loss.detach())

    def unscaled(self, root: Any) -> Any:
        """The loss from which a gradient scaler made ``root``, or ``root`` itself."""
        if self._scaled is not None and self._scaled[0]() is root:
            return self._scaled[1]
        return root

    def next_order(self) -> int:
        self._order += 1
        return self._order

    def backward(self, loss: Optional[Number]) -> None:
        """A backward pass adds to the gradients; the first one after an update begins the next."""
        if self._updated:
            self._updated = False
            self.forget()
        if loss is not None:
            self.losses.append(loss)

    def forget(self) -> None:
        """What went before is not part of the next update."""
        self.losses.clear()
        self.clips.clear()

    def clipped(self, clip: Clip) -> None:
        known = self.clips.setdefault(clip.ids, [])
        if known and known[-1].used:  # from before an update, with gradients that no backward() of ours made
            known.clear()
        known.append(clip)

    def updated(self) -> None:
        self._updated = True

    def zeroed(self, optimizer: Any) -> None:
        """Gradients that were thrown away count no more, where it is certain whose they were."""
        if len(self._series) == 1 and optimizer in self._series:
            self.forget()

    def series_of(self, optimizer: Any, frame: Optional[FrameType]) -> Optional[TorchSeries]:
        """The series of this optimizer, begun at its first update. ``frame``: who calls."""
        found = self._series.get(optimizer)
        if found is None:
            found = TorchSeries.begin(self.session, optimizer, frame)
            if found is not None:
                self._series[optimizer] = found
        return found


def torch() -> Any:
    return sys.modules["torch"]
