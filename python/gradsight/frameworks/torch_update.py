"""One update of one optimizer: what is known about it at the time, and the row that becomes of it."""

from __future__ import annotations

import math
import time
from array import array
from typing import Any, List, NamedTuple, Optional, Tuple

from .._scalars import (
    BY_VALUE,
    LOSS,
    LOSS_SCALE,
    LR,
    NORM_POST,
    NORM_PRE,
    POST_DERIVED,
    SCALARS,
    SHARD_POST,
    SHARD_PRE,
    SHARD_UPDATE,
    SHARD_WEIGHTS,
    SKIPPED,
    STEP_TIME,
    THRESHOLD,
    UPDATE_RATIO,
)
from .._series import LayerNorms, LayerSample, Row
from ..metrics import shard_norm
from ..metrics.clip_factor import clip_factor
from ..metrics.nonfinite import Bad, bad_elements, bad_norms
from ..metrics.nonfinite_cause import Cause
from ..metrics.update_ratio import Moved
from .torch_gradients import Clip
from .torch_reading import Number, fetch, value_of
from .torch_recorder import Scaling, TorchRecorder
from .torch_series import TorchSeries


class Measured(NamedTuple):
    """The norm of some of the gradients; ``scaled``: as they were under the gradient scaler; ``is_share``: this rank's
    share of it; ``weight``: what it counts in a sum that is a share."""

    norm: Optional[Number]
    scaled: bool
    is_share: bool = False
    weight: float = 1.0


class Update:
    """Made when the gradients are what the optimizer is about to see. Once all numbers are there, the training thread leaves it
    to the sender's, which turns it into a row."""

    ratio: Optional[Number] = None
    moved: Tuple[Optional[Number], Optional[Number]] = (None, None)
    """Of weights that are spread over ranks: this rank's shares of the norms of the update and of the weights."""
    after: Optional[Number] = None
    after_is_share = False
    still_scaled: Optional[Number] = None
    """What a fused optimizer will divide the gradients by itself."""
    found_inf: Optional[Number] = None
    skipped = False
    skips = "The gradient scaler"
    """Who leaves an update out whose gradients are not finite."""
    check: Optional[str] = None
    """What has raised before this update, which was not made then."""
    limit: Optional[Clip] = None
    limit_scaled = False
    derivable = False
    table: Optional[str] = None
    """Of the layers whose norms these are."""
    count = 0
    """Of layers."""
    norms: Optional[Any] = None
    """Of all layers, where they were measured, on a device perhaps: for the flight recorder."""
    layers: Optional[Any] = None
    """The same, or this rank's shares of them, on the CPU."""
    layers_are_shares = False
    layers_scaled = False
    is_sample = False
    """Whether the editor gets the layers of this update."""
    weights: Optional[Any] = None
    bad: Optional[Bad] = None
    looked_for_bad = False
    """Whether the elements were looked at, which tell more than norms that may have overflowed."""
    cause: Optional[Cause] = None

    def __init__(self, recorder: TorchRecorder, owner: TorchSeries, scaling: Optional[Scaling]) -> None:
        self.recorder = recorder
        self.owner = owner
        self.step, self.step_time = owner.next_step()
        self.time = time.time()
        self.scale = scaling.scale if scaling else None
        self.losses: List[Optional[Number]] = []
        self.rates: List[Optional[Number]] = []
        self.before: List[Measured] = []

    def end(self) -> None:
        """The update was made, or left out. Of the training thread, as all but ``settle``."""
        reader = self.recorder.reader
        if reader.is_idle:
            self._leave()
        else:
            reader.when_read(self._arrive)

    def _arrive(self) -> None:
        """All numbers are there, some of them where the next ones from the device will be."""
        self.scale, self.still_scaled = value_of(self.scale), value_of(self.still_scaled)
        self.losses, self.rates = list(map(value_of, self.losses)), list(map(value_of, self.rates))
        self.before = [part._replace(norm=value_of(part.norm)) for part in self.before]
        self.found_inf, self.ratio, self.after = map(value_of, (self.found_inf, self.ratio, self.after))
        self.moved = value_of(self.moved[0]), value_of(self.moved[1])
        if self.limit is not None:
            self.limit.arrive()
        if self.norms is not None and not self.norms.is_cpu:
            self._keep_norms()
            if self.owner.fetch_due():
                fetch(self.recorder.reader, self.owner.series.norms)
        self._leave()

    def _leave(self) -> None:
        owner = self.owner
        if self.after is not None and self.limit is not None:
            self._check_clip(self.limit)
        if not (owner.was_bad or self._seems_finite()):
            self._went_bad()
        owner.series.leave(self, self.count)

    def _seems_finite(self) -> bool:
        for loss in self.losses:
            if loss is not None and not math.isfinite(value_of(loss) or 0.0):
                return False
        for part in self.before:
            if part.norm is not None and not math.isfinite(value_of(part.norm) or 0.0):
                return False
        return True

    def _went_bad(self) -> None:
        if self.skipped or value_of(self.found_inf):
            return
        self.owner.was_bad = True
        if self.norms is not None and not self.norms.is_cpu:
            series = self.owner.series
            series.norms_at_incident = list(series.norms)
            fetch(self.recorder.reader, series.norms_at_incident)

    def _unscale(self) -> Tuple[float, float]:
        """What to multiply by what was measured of gradients that were scaled, and of those that a fused optimizer unscales."""
        scale, inner = value_of(self.scale), value_of(self.still_scaled)
        return 1.0 / scale if scale else 1.0, 1.0 / inner if inner else 1.0

    def _keep_norms(self) -> None:
        """For the flight recorder: the norms of all layers at every step, unread.

        A series holds ``FLIGHT_STEPS`` of them: 4 bytes a parameter and step, on its device until they are fetched.
        """
        if self.norms is not None and self.table is not None:
            factor = self._unscale()[not self.layers_scaled]
            self.owner.series.norms.append(LayerNorms(self.step, self.table, self.norms, factor))

    def settle(self) -> None:
        """Makes the row, and the events that go with it. Of the sender's thread."""
        owner, series = self.owner, self.owner.series
        unscale, within = self._unscale()
        pre = self._pre(unscale, within)
        loss = _sum([value_of(loss) for loss in self.losses])
        values: List[Optional[float]] = [None] * len(SCALARS)
        values[SHARD_PRE if any(part.is_share for part in self.before) else NORM_PRE] = pre
        values[LOSS] = loss
        rates = [value_of(rate) for rate in self.rates]
        values[LR] = rates[0] if rates else None
        values[STEP_TIME] = self.step_time
        values[LOSS_SCALE] = value_of(self.scale)
        flags = SKIPPED if self.skipped or value_of(self.found_inf) else 0
        if not flags & SKIPPED:
            values[UPDATE_RATIO] = value_of(self.ratio)
            values[SHARD_UPDATE], values[SHARD_WEIGHTS] = map(value_of, self.moved)
        after = value_of(self.after)
        values[SHARD_POST if self.after_is_share else NORM_POST] = None if after is None else after * within
        if self.limit is not None:
            flags |= self._limited(self.limit, values, unscale, within)
        if self.norms is not None and self.norms.is_cpu:
            self._keep_norms()
        self._sample(unscale if self.layers_scaled else within, pre)
        series.rows.append(Row(self.step, self.time, values, flags, _group_rates(rates)))
        if flags & SKIPPED:
            message = f"{self.skips} skipped this update: a gradient was not finite."
            owner.session.event("skipped", message, series, self.step, {"scale": values[LOSS_SCALE]})
        else:
            owner.watch.see(self.step, pre, loss, self.bad, self.cause, self.check)

    def moved_by(self, moved: Moved) -> None:
        """What the update has done to the weights; call it under ``no_grad``."""
        read = self.recorder.reader.read
        if moved.are_shares:
            self.moved = read(moved.update), read(moved.weights)
        else:
            self.ratio = read(moved.ratio)

    def look_for_bad(self, parameters: List[Any], dense: List[Any]) -> None:
        """Which of these gradients hold elements that are not finite."""
        self.looked_for_bad = True
        self.bad = bad_elements(shard_norm.local(dense), self.owner.names(parameters))

    def _pre(self, unscale: float, within: float) -> Optional[float]:
        """The norm before clipping; this rank's share of it, if that of a part of the gradients is all that it knows."""
        norms = []
        for part in self.before:
            norm = value_of(part.norm)
            if norm is None:
                return None
            norms.append(norm * part.weight * (unscale if part.scaled else within))
        return None if not norms else norms[0] if len(norms) == 1 else math.sqrt(sum(norm * norm for norm in norms))

    def _limited(self, limit: Clip, values: List[Optional[float]], unscale: float, within: float) -> int:
        """Fills in what clipping did; the flags that say how that is known."""
        flags = BY_VALUE if limit.by_value else 0
        max_norm = value_of(limit.max_norm)
        if max_norm is None:
            return flags
        factor = unscale if self.limit_scaled else within
        values[THRESHOLD] = max_norm * factor
        self.owner.threshold_is(self.step, max_norm)
        if self.limit_scaled:
            self.owner.warn_scaled(self.step, max_norm, 1.0 / factor)
        if values[NORM_POST] is None:
            values[NORM_POST] = self._derived(limit)
            flags |= 0 if values[NORM_POST] is None else POST_DERIVED
        return flags

    def _derived(self, limit: Clip) -> Optional[float]:
        """The norm that the clip has left, as it follows from the one before it; None where it doesn't."""
        norm, max_norm = value_of(limit.norm), value_of(limit.max_norm)
        if not self.derivable or norm is None or max_norm is None:
            return None
        return norm * clip_factor(norm, max_norm) * self._unscale()[not self.limit_scaled]

    def _check_clip(self, limit: Clip) -> None:
        """Whether the gradients were what the clip had left, where both are known: the next update is measured accordingly."""
        after, derived = value_of(self.after), self._derived(limit)
        if after is None or self.after_is_share or derived is None:
            return
        after *= self._unscale()[1]
        if math.isfinite(after) and math.isfinite(derived):
            if not math.isclose(after, derived, rel_tol=0.01, abs_tol=1e-12):
                self.owner.warn_changed(self.step, derived, after)

    def _sample(self, factor: float, pre: Optional[float]) -> None:
        """The layers for the editor: now and then, and where they tell which gradient is not finite."""
        if self.layers is None or self.table is None:
            return
        bad = not self.layers_are_shares and pre is not None and not math.isfinite(pre)
        if not bad and not self.is_sample:
            return
        norms = [norm * factor for norm in self.layers.tolist()]
        weights = None if self.weights is None else array("f", self.weights.tolist())
        series = self.owner.series
        series.add_sample(LayerSample(self.step, self.table, array("f", norms), weights, self.layers_are_shares))
        if bad and not self.looked_for_bad:
            self.bad = bad_norms(norms, series.layers[self.table])


def _sum(losses: List[Optional[float]]) -> Optional[float]:
    """None where there are none, or one of them is not known."""
    known = [loss for loss in losses if loss is not None]
    return sum(known) if known and len(known) == len(losses) else None


def _group_rates(rates: List[Optional[float]]) -> Tuple[float, ...]:
    """Of several groups; none where there is but one."""
    return tuple(math.nan if rate is None else rate for rate in rates) if len(rates) > 1 else ()
