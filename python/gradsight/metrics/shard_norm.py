"""This process's share of a norm that is spread over the ranks: see ``protocol/scalars.ts``.

The square of the global norm is the sum of all ranks' squared shares. So what n ranks hold alike counts with 1/n of its
square on each of them. No rank is asked for anything.
"""

from __future__ import annotations

import math
import sys
from typing import Any, Dict, List, Optional

from . import gradient_norm


def local(tensors: List[Any]) -> List[Any]:
    """What this process has of them."""
    return [tensor.to_local() if hasattr(tensor, "placements") else tensor for tensor in tensors]


def measure(tensors: List[Any]) -> Optional[Any]:
    """A tensor of one element. Call it under ``no_grad``.

    None where the ranks' shares would not add up to the norm: of tensors that hold terms of a sum, of tensors that are
    spread over a part of the ranks only (those of the other ranks may be the same ones, or others), and of plain tensors
    among distributed ones, which may or may not be the same on each rank.
    """
    if not tensors or not all(hasattr(tensor, "placements") for tensor in tensors):
        return None
    torch: Any = sys.modules["torch"]
    ranks = torch.distributed.get_world_size()
    alike: Dict[int, List[Any]] = {}
    for tensor in tensors:
        placements = tensor.placements
        if tensor.device_mesh.size() != ranks:
            return None
        if not all(placement.is_shard() or placement.is_replicate() for placement in placements):
            return None
        sizes = [tensor.device_mesh.size(i) for i, placement in enumerate(placements) if placement.is_replicate()]
        alike.setdefault(math.prod(sizes), []).append(tensor.to_local())
    norms = []
    for holders, parts in alike.items():
        measured = gradient_norm.measure(parts)
        if measured is not None:
            norms.append(measured.total / math.sqrt(holders))
    if not norms:
        return None
    return norms[0] if len(norms) == 1 else torch.linalg.vector_norm(torch.stack([norm.to(norms[0]) for norm in norms]))
