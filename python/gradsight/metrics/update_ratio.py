"""The norm of an update over the norm of the weights before it: ‖w' - w‖ / ‖w‖, of all parameters as one vector."""

from __future__ import annotations

from typing import Any, List, Optional

from . import gradient_norm

MAX_BYTES = 256 * 1024 * 1024
"""Of weights, of which a copy is kept for the time of one update; of larger models the ratio isn't measured."""


class UpdateRatio:
    """One measurement: made before the update, asked after it, both under ``no_grad``."""

    def __init__(self, parameters: List[Any]) -> None:
        self._parameters = parameters
        self._before = [parameter.detach().clone() for parameter in parameters]

    def measure(self) -> Optional[Any]:
        """A tensor of one element, on the parameters' device. NaN where all weights were zero and are."""
        moved = [parameter.detach() - before for parameter, before in zip(self._parameters, self._before)]
        update, weights = gradient_norm.measure(moved), gradient_norm.measure(self._before)
        return None if update is None or weights is None else update.total / weights.total


def begin(optimizer: Any) -> Optional[UpdateRatio]:
    """None for what is too large to copy, or shared out among processes."""
    parameters = [each for group in optimizer.param_groups for each in group["params"] if each.requires_grad]
    if any(hasattr(parameter, "placements") for parameter in parameters):
        return None
    if sum(parameter.numel() * parameter.element_size() for parameter in parameters) > MAX_BYTES:
        return None
    return UpdateRatio(parameters) if parameters else None
