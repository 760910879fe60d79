"""Optimizers that update inside the backward pass, each as soon as the gradient of its parameter is there.

There is one optimizer a parameter, as a rule, and one update of the model a pass: it is recorded as one.
"""

from __future__ import annotations

from types import FrameType
from typing import Any, List, Optional

from .._site import caller_location
from ..metrics import gradient_norm
from ..metrics.bringing import brought, meeting_place
from .torch_gradients import EXACTLY
from .torch_measuring import keep_layers, rates
from .torch_reading import Number, untouchable
from .torch_recorder import Part, Pass, TorchRecorder, torch
from .torch_update import Measured, Update


def take(recorder: TorchRecorder, passing: Pass, optimizer: Any, frame: FrameType) -> None:
    """Takes down the gradients that ``optimizer`` is about to use."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    if untouchable(parameters):
        return
    having, dense = gradient_norm.gradients(parameters)
    norms = gradient_norm.measure(dense)
    if norms is not None:
        passing.parts.append(Part(optimizer, having, norms.each, list(recorder.gradients_of(optimizer).clips)))
        if passing.site is None:
            passing.site = caller_location(frame)


def finish(recorder: TorchRecorder, passing: Pass, frame: FrameType) -> None:
    """Makes one update of all that were made inside the pass. ``frame``: who called for the pass, and has the model."""
    parts = passing.parts
    if not parts or recorder.reader.full:
        return
    owner = recorder.series_of_all([part.optimizer for part in parts], frame, passing.site)
    if owner is None:
        return
    read = recorder.reader.read
    with torch().no_grad():
        device, dtype = meeting_place([part.each for part in parts]), parts[0].each.dtype
        each = torch().cat([brought(part.each.to(dtype), device) for part in parts])
        total = read(torch().linalg.vector_norm(each))
        update = Update(recorder, owner, None)
        update.losses = [passing.loss]
        update.rates = rates(recorder, parts[0].optimizer)
        update.cause = recorder.cause_of(update.losses)
        if any(part.clips for part in parts):
            update.after = total
            update.before = [Measured(norm, False) for norm in _before_clipping(recorder, parts)]
        else:
            update.before = [Measured(total, False)]
            keep_layers(recorder, update, [parameter for part in parts for parameter in part.parameters], each)
    update.end()
    recorder.reader.poll()


def _before_clipping(recorder: TorchRecorder, parts: List[Part]) -> List[Optional[Number]]:
    """The norm of each part before its own clip; [None] where clips don't match the parts."""
    norms: List[Optional[Number]] = []
    for part in parts:
        if not part.clips:
            norms.append(recorder.reader.read(torch().linalg.vector_norm(part.each)))
            continue
        clip, coverage = part.clips[0]
        if coverage != EXACTLY or clip.norm_type != 2.0:
            return [None]
        norms.append(clip.norm)
    return norms
