"""One update of one optimizer: what is known about it at the time, and the row that becomes of it."""

from __future__ import annotations

import math
import time
from array import array
from types import FrameType
from typing import Any, List, NamedTuple, Optional, Set, Tuple

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
from ..metrics import gradient_norm, shard_norm
from ..metrics.bringing import brought, meeting_place
from ..metrics.clip_factor import clip_factor
from ..metrics.learning_rate import learning_rates
from ..metrics.nonfinite import Bad, bad_elements, bad_norms
from ..metrics.nonfinite_cause import Cause
from ..metrics.update_ratio import Moved
from ..metrics.weight_norm import weight_norms, weight_shares
from .torch_reading import Number, capturing, fetch, untouchable, value_of
from .torch_gradients import EXACTLY, SOME, Clip, Gradients
from .torch_recorder import Scaling, TorchRecorder, torch
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


def measure(
    recorder: TorchRecorder,
    optimizer: Any,
    frame: Optional[FrameType],
    scaling: Optional[Scaling],
    owner: Optional[TorchSeries] = None,
) -> Optional[Update]:
    """Takes down the gradients as the optimizer is about to see them. ``owner``: its series, where that is at hand."""
    parameters = optimizer.param_groups[0]["params"]
    if untouchable(parameters):
        if capturing(parameters):
            recorder.captured(optimizer)
        return None
    owner = owner or recorder.series_of(optimizer, frame)
    if owner is None:
        return None
    if recorder.reader.full:
        owner.next_step()  # without a point, so that a step has the same number on all ranks
        return None
    read = recorder.reader.read
    gradients = recorder.gradients_of(optimizer)
    refused = recorder.refused.pop(gradients, None) if recorder.refused else None
    if refused is not None:  # and is made all the same
        owner.begin_at(refused.step)
    update = Update(recorder, owner, scaling)
    update.losses = gradients.losses[:]
    update.rates = rates(recorder, optimizer)
    update.cause = recorder.cause_of(update.losses)
    if scaling is not None:
        inner, found_inf = getattr(optimizer, "grad_scale", None), getattr(optimizer, "found_inf", None)
        update.still_scaled = None if inner is None else read(inner)
        update.found_inf = None if found_inf is None else read(found_inf)
    if gradients.clips:
        _with_clips(recorder, update, gradients, optimizer, -1.0 if scaling is None else scaling.unscaled_at)
    else:
        having, dense = gradient_norm.gradients(_parameters(optimizer))
        norms = gradient_norm.measure(dense)
        if norms is not None:
            total = read(norms.total)
            update.before = [Measured(total, False)]
            keep_layers(recorder, update, having, norms.each)
        else:
            update.before = _share(recorder, update, having, dense)
            total = update.before[0].norm if update.before else None
        if isinstance(total, float) and not math.isfinite(total):
            update.look_for_bad(having, dense)
    return update


def _parameters(optimizer: Any) -> List[Any]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _share(recorder: TorchRecorder, update: Update, having: List[Any], dense: List[Any]) -> List[Measured]:
    """Of gradients that are spread over the ranks; none where the ranks' shares would not add up."""
    share = shard_norm.measure(dense)
    if share is None:
        return []
    keep_shares(recorder, update, having, share.each)
    return [Measured(recorder.reader.read(share.total), False, True)]


def rates(recorder: TorchRecorder, optimizer: Any) -> List[Optional[Number]]:
    return [
        rate
        if rate is None or type(rate) is float
        else recorder.reader.read(rate)
        if hasattr(rate, "device")
        else float(rate)
        for rate in learning_rates(optimizer)
    ]


def _with_clips(
    recorder: TorchRecorder,
    update: Update,
    gradients: Gradients,
    optimizer: Any,
    unscaled_at: float,
) -> None:
    owner, read, clips = update.owner, recorder.reader.read, gradients.clips
    first: Optional[Clip] = None
    limiting: List[Tuple[Clip, str]] = []
    for item in clips:
        if first is None and item[1] != SOME:
            first = item[0]
        if not item[0].only_measures:
            limiting.append(item)
    if first is not None:
        update.before = [Measured(first.norm, first.order < unscaled_at, first.is_share)]
        if first.layers is not None:
            update.layers_scaled = first.order < unscaled_at
            keep = keep_shares if first.layers_are_shares else keep_layers
            keep(recorder, update, *owner.own_of(gradients, first))
    else:
        _with_parts(recorder, update, [clip for clip, _ in clips], _parameters(optimizer), unscaled_at)
    covered = limiting
    if len(limiting) > 1:
        by_norm = [item for item in limiting if not item[0].by_value]
        covered = [item for item in by_norm or limiting if item[1] != SOME]
    if covered:
        clip, coverage = covered[-1]
        update.limit = clip
        update.limit_scaled = clip.order < unscaled_at
        update.derivable = len(limiting) == 1 and not clip.by_value and not clip.is_share and coverage != SOME
        owner.clipped_by(clip)
        comparable = coverage == EXACTLY and clip.norm_type == 2.0
        if update.derivable and not (comparable and (owner.changed_after_clip or owner.post_budget.due())):
            _name_bad(update, optimizer)
            return
    if limiting:
        started = time.perf_counter()
        _, dense = gradient_norm.gradients(_parameters(optimizer))
        norms = gradient_norm.measure(dense)
        if norms is not None:
            update.after = read(norms.total)
        elif not update.derivable:
            share = shard_norm.measure(dense)
            update.after_is_share = share is not None
            update.after = None if share is None else read(share.total)
        owner.post_budget.spent(started)
    _name_bad(update, optimizer)


def _with_parts(
    recorder: TorchRecorder, update: Update, clips: List[Clip], parameters: List[Any], unscaled_at: float
) -> None:
    """The norms of parts that were clipped one by one, and of the rest; none where they overlap or aren't 2-norms."""
    parts: List[Measured] = []
    layers: List[Any] = []
    """Of each part: its parameters, the norms of their gradients and whether these are shares; None: not known."""
    seen: Set[int] = set()
    own = set(map(id, parameters))
    for clip in clips:
        mine = set(clip.ids)
        if not mine <= own or clip.norm_type != 2.0:
            return
        if mine & seen:
            if clip.ids in {other.ids for other in clips if other.order < clip.order}:
                continue  # the same part again
            return
        seen |= mine
        parts.append(Measured(clip.norm, clip.order < unscaled_at, clip.is_share))
        layers.append(clip.layers and (*clip.layers, clip.layers_are_shares))
    having, dense = gradient_norm.gradients([parameter for parameter in parameters if id(parameter) not in seen])
    norms = gradient_norm.measure(dense)
    if norms is not None:
        parts.append(Measured(recorder.reader.read(norms.total), False))
        layers.append((having, norms.each, False))
    elif dense:
        share = shard_norm.measure(dense)
        if share is None:
            return
        weight = 1 / math.sqrt(torch().distributed.get_world_size())  # every rank knows these parts
        parts = [part if part.is_share else part._replace(weight=weight) for part in parts]
        parts.append(Measured(recorder.reader.read(share.total), False, True))
        layers.append((having, share.each, True))
    update.before = parts
    if all(layers) and len({part.scaled for part in parts}) == len({are_shares for _, _, are_shares in layers}) == 1:
        device = meeting_place([each for _, each, _ in layers])
        each = torch().cat([brought(each, device) for _, each, _ in layers])
        update.layers_scaled = parts[0].scaled
        keep = keep_shares if layers[0][2] else keep_layers
        keep(recorder, update, [parameter for having, _, _ in layers for parameter in having], each)


def keep_layers(recorder: TorchRecorder, update: Update, parameters: List[Any], each: Any) -> None:
    owner = update.owner
    update.table, update.count = owner.table_of(parameters), len(parameters)
    update.norms, update.is_sample = each, owner.layers_due()
    if each.is_cpu:
        update.layers = each
    elif update.is_sample:
        update.layers = recorder.reader.copy(each)
    if update.is_sample and owner.weights_budget.due():
        started = time.perf_counter()
        weights = weight_norms(parameters)
        update.weights = None if weights is None else recorder.reader.copy(weights)
        owner.weights_budget.spent(started)


def keep_shares(recorder: TorchRecorder, update: Update, parameters: List[Any], each: Any) -> None:
    """The shares of the layers' norms, at the steps at which the other ranks do so, too."""
    owner = update.owner
    if not owner.shared_steps.due(update.step):
        return
    update.table, update.count = owner.table_of(parameters), len(parameters)
    update.layers, update.is_sample = recorder.reader.copy(each), True
    update.layers_are_shares = True
    if owner.shared_weights.due(update.step):
        started = time.perf_counter()
        with torch().no_grad():
            weights = weight_shares(parameters)
        update.weights = None if weights is None else recorder.reader.copy(weights)
        owner.shared_weights.spent(started)


def _name_bad(update: Update, optimizer: Any) -> None:
    """After clipping an infinite norm only the infinite gradients are NaN; after a NaN norm all are, and none is named."""
    norm = update.before[0].norm if len(update.before) == 1 else None
    if norm == math.inf:
        update.look_for_bad(*gradient_norm.gradients(_parameters(optimizer)))


def _sum(losses: List[Optional[float]]) -> Optional[float]:
    """None where there are none, or one of them is not known."""
    known = [loss for loss in losses if loss is not None]
    return sum(known) if known and len(known) == len(losses) else None


def _group_rates(rates: List[Optional[float]]) -> Tuple[float, ...]:
    """Of several groups; none where there is but one."""
    return tuple(math.nan if rate is None else rate for rate in rates) if len(rates) > 1 else ()
