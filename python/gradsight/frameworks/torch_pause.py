"""The first update of a PyTorch training whose gradients are not finite is held up, as the user has asked for.

Each step waits for the device then, since nothing else tells in time what the gradients are.
"""

from __future__ import annotations

import math
from typing import Any, List, Sequence, Tuple

from .._pause import APPLY, SKIP, STOP, Pause
from ..metrics import gradient_norm
from ..metrics.nonfinite import bad_elements
from .torch_update import Update

Gradients = List[Tuple[Any, Any]]


class TorchPause:
    def __init__(self, pause: Pause) -> None:
        self._pause = pause
        self._over = False
        """The user has had a bad update applied: what follows is no news."""

    def before(self, optimizer: Any, update: Update) -> Gradients:
        """Waits if it has to. Gives the gradients that were taken from the optimizer, which leaves them out then.

        Raises ``KeyboardInterrupt`` where the user wants the training to stop.
        """
        if self._over:
            return []
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        having, dense = gradient_norm.gradients(parameters)
        norms = gradient_norm.measure(dense)
        if norms is None or math.isfinite(norms.total.item()):
            return []
        owner = update.owner
        bad = bad_elements(dense, owner.names(having))
        where = f"the gradient of {bad.parameter}" if bad and bad.parameters < len(dense) else "the gradient norm"
        message = f"Paused before the update at step {update.step}: {where} is not finite."
        owner.session.event("warning", message, owner.series, update.step, {})
        action = self._pause.wait(owner.series.id, update.step, message, _can_skip(optimizer))
        if action == STOP:
            raise KeyboardInterrupt("stopped in the editor, at an update whose gradients were not finite")
        if action == APPLY:
            self._over = True
        if action != SKIP:
            return []
        update.skipped, update.skips = True, "The user"
        taken = [(parameter, parameter.grad) for parameter in having]
        for parameter in having:
            parameter.grad = None
        return taken


def give_back(taken: Sequence[Tuple[Any, Any]]) -> None:
    """After the update that has been left out: the script may look at them."""
    for parameter, gradient in taken:
        parameter.grad = gradient


def _can_skip(optimizer: Any) -> bool:
    """Whether it leaves parameters without a gradient as they are, moments and decay included: PyTorch's own do, but for
    the one that sees all parameters as one vector."""
    kind = type(optimizer)
    return kind.__module__.startswith("torch.optim.") and kind.__name__ != "LBFGS"
