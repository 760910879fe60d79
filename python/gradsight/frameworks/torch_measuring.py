"""What an optimizer is about to see: takes down the gradients of an update, and what clips have told of them."""

from __future__ import annotations

import math
import time
from types import FrameType
from typing import Any, List, Optional, Set, Tuple

from ..metrics import gradient_norm, shard_norm
from ..metrics.bringing import brought, meeting_place
from ..metrics.learning_rate import learning_rates
from ..metrics.weight_norm import weight_norms, weight_shares
from .torch_gradients import EXACTLY, SOME, Clip, Gradients
from .torch_reading import Number, capturing, untouchable
from .torch_recorder import Scaling, TorchRecorder, torch
from .torch_series import TorchSeries
from .torch_update import Measured, Update


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
