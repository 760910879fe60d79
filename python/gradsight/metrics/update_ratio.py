"""The norm of an update over the norm of the weights before it: ‖w' - w‖ / ‖w‖, of all parameters as one vector."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Optional

from . import gradient_norm, shard_norm

MAX_BYTES = 256 * 1024 * 1024
"""Of weights of this process, of which a copy is kept for the time of one update; of larger models the ratio isn't measured."""


class Moved(NamedTuple):
    """The norms of an update and of the weights before it: tensors of one element, on the parameters' device.

    ``are_shares``: of weights that are spread over ranks, this rank's shares of the norms.
    """

    update: Any
    weights: Any
    are_shares: bool

    @property
    def ratio(self) -> Any:
        """A tensor of one element. NaN where all weights were zero and are. Of shares it says nothing."""
        return self.update / self.weights


class UpdateRatio:
    """One measurement: made before the update, asked after it, both under ``no_grad``."""

    def __init__(self, parameters: List[Any], holders: Optional[List[int]]) -> None:
        """``holders``: of weights that are spread over ranks; see ``shard_norm``."""
        self._parameters = parameters
        self._holders = holders
        self._before = [each.detach().clone() for each in shard_norm.local(parameters)]

    def measure(self) -> Optional[Moved]:
        local = shard_norm.local(self._parameters)
        update = self._norm([parameter.detach() - before for parameter, before in zip(local, self._before)])
        weights = self._norm(self._before)
        if update is None or weights is None:
            return None
        return Moved(update.total, weights.total, self._holders is not None)

    def _norm(self, tensors: List[Any]) -> Any:
        if self._holders is None:
            return gradient_norm.measure(tensors)
        return shard_norm.measure_local(tensors, self._holders)


def begin(optimizer: Any) -> Optional[UpdateRatio]:
    """None for what is too large to copy, and where ranks' shares of it would not add up."""
    parameters = [each for group in optimizer.param_groups for each in group["params"] if each.requires_grad]
    holders: Optional[List[int]] = None
    if any(shard_norm.is_spread(parameter) for parameter in parameters):
        holders = shard_norm.holders_of(parameters)
        if holders is None:
            return None
    if sum(each.numel() * each.element_size() for each in shard_norm.local(parameters)) > MAX_BYTES:
        return None
    return UpdateRatio(parameters, holders) if parameters else None
