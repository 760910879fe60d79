"""The learning rates of the parameter groups."""

from __future__ import annotations

from typing import Any, List


def learning_rates(optimizer: Any) -> List[Any]:
    """Of each group in order: a number, a tensor of one element, or None where the optimizer has no such setting."""
    return [group.get("lr") for group in optimizer.param_groups]
