"""The 2-norm of each parameter's weights."""

from __future__ import annotations

from typing import Any, List, Optional

from . import gradient_norm


def weight_norms(parameters: List[Any]) -> Optional[Any]:
    """One tensor [parameters], on their device. None if there are none."""
    norms = gradient_norm.measure([parameter.detach() for parameter in parameters])
    return None if norms is None else norms.each
