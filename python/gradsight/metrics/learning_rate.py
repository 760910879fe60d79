"""The learning rate of the first parameter group."""

from __future__ import annotations

from typing import Any


def learning_rate(optimizer: Any) -> Any:
    """A number, a tensor of one element, or None where the optimizer has no such setting."""
    return optimizer.param_groups[0].get("lr")
