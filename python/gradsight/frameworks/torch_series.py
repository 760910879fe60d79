"""The series of one optimizer: its name, its parameters' names, and how clips relate to its parameters."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from types import FrameType
from typing import Any, Deque, Dict, List, Optional, Protocol, Sequence, Set, Tuple, Union

from .._guard import Guard
from .._module_source import class_location
from .._naming import parameter_names, variable_name
from .._protocol import Clip as ClipSite
from .._protocol import Location
from .._room import Share
from .._series import Series
from .._session import Session
from ..metrics.bringing import brought
from ..metrics.nonfinite import NonFiniteWatch
from ..metrics.shard_norm import is_spread
from ..metrics.shared_steps import SharedSteps
from ..metrics.time_budget import TimeBudget
from .marks import Data
from .torch_gradients import Clip, Gradients

SAMPLING_SHARE = 0.001
"""Of the training's time, for each of the four things that are measured besides what clipping measures anyway."""

RATIO_PERIOD = 0.25
"""Seconds at least between two measurements of the update ratio, whose cost on a device no clock of ours sees."""

LAYER_PERIOD = 0.1
"""Seconds between two samples of all layers that are sent."""

FETCH_PERIOD = 0.2
"""Seconds between two copies, from a device, of the norms that the flight recorder keeps: what a kill takes of them."""


CONTROLLABLE = "torch.nn.utils.clip_grad"
"""What the names of the functions begin with whose threshold is an argument of every call, and so can be another."""

FIXED = "The threshold of {function} can't be changed while the run goes on."


UPDATE_BYTES = 2048
"""Of an update that waits to become a row, about, and of each of its parameters besides."""
PARAMETER_BYTES = 8

_guard = Guard("recording updates")


class Settling(Protocol):
    """An update whose numbers are all there."""

    step: int

    def settle(self) -> None:
        """Makes the row, and the events that go with it."""
        ...


class UpdateSeries(Series):
    """Its rows are made by the sender's thread, many at a time: Python code that has fallen out of a processor's caches, as it
    has between two updates of a training, takes several times as long as in a loop."""

    def __init__(self, id: str, label: str, optimizer: Optional[str], site: Optional[Location]) -> None:
        super().__init__(id, label, optimizer, site)
        self.updates: Deque[Settling] = deque()
        self._share_of_updates = Share()
        self._size = 0

    def leave(self, update: Settling, parameters: int) -> None:
        """Of the training thread. ``parameters``: how many have a norm of their own."""
        if _guard.failed:  # nobody makes rows any more
            return
        self._size = UPDATE_BYTES + PARAMETER_BYTES * parameters
        if not self.updates or self.finds_room(update.step, self._share_of_updates, len(self.updates), self._size):
            self.updates.append(update)

    @_guard
    def settle(self, final: bool) -> None:
        for _ in range(len(self.updates)):  # and none that come meanwhile
            self.updates.popleft().settle()
        self._share_of_updates.is_left_with(len(self.updates) * self._size)

    def forget(self) -> None:
        super().forget()
        self.updates = deque(maxlen=0)
        self._share_of_updates.is_left_with(0)


class TorchSeries:
    def __init__(
        self, session: Session, series: UpdateSeries, groups: List[Dict[str, Any]], frame: Optional[FrameType]
    ) -> None:
        self.session = session
        self.series = series
        first = next((parameter for group in groups for parameter in group["params"]), None)
        self.device = None if first is None else str(first.device.type)
        self.thread = threading.get_ident()
        """The one that trains."""
        self.watch = NonFiniteWatch(session, series, self.source_of)
        self.post_budget = TimeBudget(SAMPLING_SHARE)
        self.weights_budget = TimeBudget(SAMPLING_SHARE)
        self.ratio_budget = TimeBudget(SAMPLING_SHARE, at_least=RATIO_PERIOD)
        self.shared_steps = SharedSteps(LAYER_PERIOD)
        self.shared_weights = SharedSteps(LAYER_PERIOD, SAMPLING_SHARE)
        self.shared_ratio = SharedSteps(RATIO_PERIOD, SAMPLING_SHARE)
        self.is_spread = any(is_spread(parameter) for group in groups for parameter in group["params"])
        """Over the ranks, which then have to sample the same steps."""
        self.was_bad = False
        """Whether an update was made whose loss or gradients were not finite."""
        self.changed_after_clip = False
        """Whether the gradients were seen to change between the clip and the update: then both are measured."""
        self.max_norm: Optional[float] = None
        self._names = parameter_names(frame, groups, series.origins)
        self._tables: Dict[Tuple[int, ...], str] = {}
        self._latest: Tuple[Sequence[Any], str] = ((), "")
        self._step = 0
        self._clock: Optional[float] = None
        self._next_layers = 0.0
        self._next_fetch = 0.0
        self._own: Dict[Tuple[int, ...], Tuple[List[Any], Any]] = {}
        self._clip: Tuple[Optional[Location], str] = None, ""
        """Where the latest one was, and its function."""
        self._latest_own: Tuple[Tuple[int, ...], int, Tuple[List[Any], Any]] = (-1,), 0, ([], None)
        self._warned_scaled = False
        self._warned_missed = False
        self._threshold_step = 0
        self._set_at: Set[int] = set()
        """Steps at which the user had the threshold changed."""

    @classmethod
    def begin(
        cls,
        session: Session,
        optimizers: Sequence[Any],
        frame: Optional[FrameType],
        site: Optional[Location],
        named_as: Optional[object] = None,
    ) -> "Optional[TorchSeries]":
        """The series of an optimizer, or of several of a kind that update together. ``named_as``: what the user calls
        to update, if it isn't the optimizer itself.
        """
        kind = type(optimizers[0])
        label = variable_name(frame, optimizers[0] if named_as is None else named_as) or kind.__name__
        if len(optimizers) > 1:  # the name of what holds them
            label = label.split("[")[0]
        module = "torch.optim" if kind.__module__.startswith("torch.optim.") else kind.__module__
        series = session.series(label, f"{module}.{kind.__qualname__}", site, kind=UpdateSeries)
        groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        return None if series is None else cls(session, series, groups, frame)

    def next_step(self) -> Tuple[int, Optional[float]]:
        """The number of this update and the seconds since the previous one."""
        step, self._step = self._step, self._step + 1
        before, self._clock = self._clock, time.perf_counter()
        return step, None if before is None else self._clock - before

    @property
    def updates(self) -> int:
        """How many there were, those before this run included."""
        return self._step

    def begin_at(self, step: int) -> None:
        """Counts on from here: an earlier run has made that many updates."""
        self._step = step

    @property
    def went_bad(self) -> bool:
        """See ``marks.Marked``. What the latest updates were isn't told to ``watch`` yet."""
        return self.was_bad or self.watch.went_bad

    def mark(self, kind: str, message: str, data: Data, made: bool) -> bool:
        """See ``marks.Marked``."""
        if self.session.is_closed:
            return False
        self.session.event(kind, message, self.series, self._step - made, data)
        return True

    def missed(self) -> None:
        """An update that can't be looked into: a step of the count without a point."""
        step, _ = self.next_step()
        if not self._warned_missed:
            self._warned_missed = True
            self.session.event(
                "warning",
                "This update runs inside a graph that torch.compile made, where nothing can be recorded: its steps are"
                " missing here. Call the optimizer's step outside of the compiled function to see them.",
                self.series,
                step,
            )

    def names(self, parameters: Sequence[Any]) -> List[str]:
        return [self._names.get(id(parameter), "?") for parameter in parameters]

    def source_of(self, parameter: str) -> Optional[Location]:
        """Where the class stands that the user wrote, and whose module holds the parameter of this name."""
        found = self.series.origins.get(parameter)
        return None if found is None or found.owner is None else class_location(found.owner)

    def name_of(self, parameter: Any) -> Optional[str]:
        return self._names.get(id(parameter))

    def ratio_due(self) -> bool:
        """To be asked once an update, before it is counted."""
        return self.shared_ratio.due(self._step) if self.is_spread else self.ratio_budget.due()

    @property
    def ratio_pace(self) -> "Union[TimeBudget, SharedSteps]":
        """To be told of what the ratio costs."""
        return self.shared_ratio if self.is_spread else self.ratio_budget

    def layers_due(self) -> bool:
        """To be asked once an update, after it was counted; True is a sample."""
        if self._clock is None or self._clock < self._next_layers:
            return False
        self._next_layers = self._clock + LAYER_PERIOD
        return True

    def fetch_due(self) -> bool:
        now = time.perf_counter()
        if now < self._next_fetch:
            return False
        self._next_fetch = now + FETCH_PERIOD
        return True

    def own_of(self, gradients: Gradients, clip: Clip) -> Tuple[List[Any], Any]:
        """Those of the clip's parameters that have a gradient and are the optimizer's, and their norms out of all that it told."""
        parameters, each = clip.layers
        is_all = len(parameters) == len(clip.ids)
        asked = clip.ids, gradients.count
        if is_all and asked[0] is self._latest_own[0] and asked[1] == self._latest_own[1]:
            own, places = self._latest_own[2]
        else:
            own, places = self._find_own(gradients, parameters, each.device)
            if is_all:
                self._latest_own = (*asked, (own, places))
        return own, each if places is None else each[places]

    def _find_own(self, gradients: Gradients, parameters: List[Any], device: Any) -> Tuple[List[Any], Any]:
        """And where their norms stand; None: they are all."""
        key = (gradients.count, *map(id, parameters))
        if key not in self._own:
            if len(self._own) > 1024:
                self._own.clear()
            kept = [index for index, parameter in enumerate(parameters) if gradients.owns(parameter)]
            whole = len(kept) == len(parameters)
            places = None if whole else brought(sys.modules["torch"].tensor(kept, device="cpu"), device)
            self._own[key] = [parameters[index] for index in kept], places
        return self._own[key]

    def table_of(self, parameters: Sequence[Any]) -> str:
        """The table of layers with their names."""
        if parameters is self._latest[0]:  # as ``own_of`` gives them, step for step
            return self._latest[1]
        key = tuple(map(id, parameters))
        table = self._tables.get(key)
        if table is None:
            table = self._tables[key] = self.series.add_layers(self.names(parameters))
        self._latest = parameters, table
        return table

    def clipped_by(self, clip: Clip) -> None:
        if clip.location is not self._clip[0] or clip.function is not self._clip[1]:
            self.clipped_at(ClipSite("value" if clip.by_value else "norm", clip.function, clip.location))
            self._clip = clip.location, clip.function

    def clipped_at(self, site: ClipSite) -> None:
        self._clip = None, ""
        if self.series.clip != site:
            self.series.clip = site
            is_fixed = not site.function.startswith(CONTROLLABLE)
            self.series.fixed = FIXED.format(function=site.function) if is_fixed else None

    def threshold_is(self, step: int, max_norm: float) -> None:
        """Tells of a change, but not of each step of a schedule."""
        before, self.max_norm = self.max_norm, max_norm
        if before is None or before == max_norm or step in self._set_at:
            return
        if self._threshold_step + 100 <= step or self._threshold_step == 0:
            self.session.event(
                "threshold",
                f"The clipping threshold changed from {before:g} to {max_norm:g}.",
                self.series,
                step,
                {"from": before, "to": max_norm},
            )
        self._threshold_step = step

    def threshold_was_set(self, step: int, before: Optional[float], after: Optional[float], message: str) -> None:
        """The user had it changed: that this is so from ``step`` on is told here and not by ``threshold_is``."""
        self._set_at.add(step)
        self.session.event("threshold", message, self.series, step, {"from": before, "to": after, "by": "user"})

    def warn_scaled(self, step: int, max_norm: float, scale: float) -> None:
        if not self._warned_scaled:
            self._warned_scaled = True
            self.session.event(
                "warning",
                f"The gradients were clipped while still scaled by {scale:g}, so that the threshold in force is"
                f" {max_norm / scale:.3g}, not {max_norm:g}. Call scaler.unscale_(optimizer) before clipping.",
                self.series,
                step,
                {"scale": scale},
            )

    def warn_changed(self, step: int, expected: float, found: float) -> None:
        if self.changed_after_clip:
            return
        self.changed_after_clip = True
        self.session.event(
            "warning",
            f"The gradients changed between the clip and the update: their norm was {found:.4g} where the clip had"
            f" left {expected:.4g}.",
            self.series,
            step,
            {"expected": expected, "found": found},
        )
