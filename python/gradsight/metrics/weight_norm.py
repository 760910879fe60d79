"""The 2-norm of each parameter's weights."""

from __future__ import annotations

from typing import Any, List, Optional

from . import gradient_norm, shard_norm


def weight_norms(parameters: List[Any]) -> Optional[Any]:
    """One tensor [parameters], on their device. None if there are none."""
    norms = gradient_norm.measure([parameter.detach() for parameter in parameters])
    return None if norms is None else norms.each


def weight_shares(parameters: List[Any]) -> Optional[Any]:
    """Of weights that are spread over ranks, this rank's shares of the norms; call it under ``no_grad``.

    None where they would not add up to the norms.
    """
    holders = shard_norm.holders_of(parameters)
    if holders is None:
        return None
    share = shard_norm.measure_local([each.detach() for each in shard_norm.local(parameters)], holders)
    return None if share is None else share.each
