"""``error_if_nonfinite``: a clip that raises, so that the update is never made, and no hook of the optimizer sees it.

What it saw is put aside. Whether it ended the run, or the script went on without that update, only shows later: the latter
when it clears gradients or begins another backward pass.
"""

from __future__ import annotations

import math
from typing import Any, List, Optional

from .._protocol import Location
from .._site import caller_frame
from ..metrics import gradient_norm, shard_norm
from .torch_gradients import NONE, Clip
from .torch_measuring import measure
from .torch_recorder import TorchRecorder

CHECK = "error_if_nonfinite"


def refused(
    recorder: TorchRecorder, parameters: List[Any], max_norm: float, norm_type: float, location: Optional[Location]
) -> None:
    """The clip of these parameters has raised, and their gradients are as they were."""
    having, dense = gradient_norm.gradients(parameters)
    norms = gradient_norm.measure(dense)
    measured = norms or shard_norm.measure(dense)
    norm = None if measured is None else float(measured.total.item())
    if norm is None or math.isfinite(norm):  # it raised for something else, or for what this process does not have
        return
    clip = Clip(
        ids=tuple(map(id, parameters)),
        by_value=False,
        function="torch.nn.utils.clip_grad_norm_",
        location=location,
        max_norm=max_norm,
        norm=norm,
        norm_type=norm_type,
        layers=None if norms is None else (having, norms.each),
        order=recorder.next_order(),
        is_share=norms is None,
    )
    recorder.clipped(clip)
    for optimizer, gradients in recorder.all_gradients():
        if gradients.coverage(optimizer, clip.ids) == NONE:
            continue
        update = measure(recorder, optimizer, caller_frame(2), None)
        if update is not None:
            own = [parameter for parameter in having if gradients.owns(parameter)]
            update.check = CHECK
            update.derivable, update.after = False, None  # nothing was clipped
            update.look_for_bad(*gradient_norm.gradients(own))
            recorder.refused[gradients] = update
        gradients.use()
