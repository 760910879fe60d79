"""This process's share of a norm that is spread over the ranks: see ``protocol/scalars.ts``.

The square of the global norm is the sum of all ranks' squared shares. So what n ranks hold alike counts with 1/n of its
square on each of them. No rank is asked for anything.
"""

from __future__ import annotations

import math
import sys
from typing import Any, List, NamedTuple, Optional, Sequence

from . import gradient_norm
from .bringing import brought


def local(tensors: List[Any]) -> List[Any]:
    """What this process has of them."""
    return [tensor.to_local() if is_spread(tensor) else tensor for tensor in tensors]


class Share(NamedTuple):
    """Of the norm of each tensor, as one tensor [tensors], and of that of all together, as a tensor of one element."""

    each: Any
    total: Any


def is_spread(tensor: Any) -> bool:
    """Whether it is a distributed tensor."""
    return hasattr(tensor, "placements")


def measure(tensors: List[Any]) -> Optional[Share]:
    """Call it under ``no_grad``. None where the ranks' shares would not add up to the norm; see ``holders_of``."""
    holders = holders_of(tensors)
    return None if holders is None else measure_local(local(tensors), holders)


def holders_of(tensors: Sequence[Any]) -> Optional[List[int]]:
    """How many ranks have the same as this one of each tensor.

    None where the ranks' shares would not add up to a norm: of tensors that hold terms of a sum, of tensors that are
    spread over a part of the ranks only (those of the other ranks may be the same ones, or others), and of plain tensors
    among distributed ones, which may or may not be the same on each rank.
    """
    if not tensors or not all(is_spread(tensor) for tensor in tensors):
        return None
    for tensor in tensors:
        if not _is_on_all_ranks(tensor):
            return None
        if not all(_is_shard(placement) or placement.is_replicate() for placement in tensor.placements):
            return None
    return [_holders(tensor) for tensor in tensors]


def measure_local(tensors: List[Any], holders: Sequence[int]) -> Optional[Share]:
    """The same of what this process has of the tensors, which so many ranks have alike."""
    norms = gradient_norm.measure(tensors)
    if norms is None:
        return None
    if min(holders) == max(holders):
        weight = 1 / math.sqrt(holders[0])
        return Share(norms.each * weight, norms.total * weight)
    torch: Any = sys.modules["torch"]
    weights = torch.tensor([1 / math.sqrt(count) for count in holders], dtype=norms.each.dtype, device="cpu")
    each = norms.each * brought(weights, norms.each.device)
    return Share(each, torch.linalg.vector_norm(each))


def of_norms(norms: Any) -> Optional[Any]:
    """The shares in a distributed tensor of 2-norms, as it is made of the norms of distributed tensors; None as above."""
    if not _is_on_all_ranks(norms):
        return None
    for placement in norms.placements:
        if not placement.is_replicate() and (not placement.is_partial() or getattr(placement, "norm_type", None) != 2):
            return None
    return norms.to_local() / math.sqrt(_holders(norms))


def _is_on_all_ranks(tensor: Any) -> bool:
    return bool(tensor.device_mesh.size() == sys.modules["torch"].distributed.get_world_size())


def _is_shard(placement: Any) -> bool:
    """That of FSDP2 over tensor parallelism has another order of its parts, and for newer PyTorch is no shard."""
    return bool(placement.is_shard()) or hasattr(placement, "split_factor")


def _holders(tensor: Any) -> int:
    """How many ranks have the same of it."""
    mesh = tensor.device_mesh
    return math.prod(mesh.size(i) for i, placement in enumerate(tensor.placements) if placement.is_replicate())
