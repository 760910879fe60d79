"""The global gradient norm: the 2-norm of all gradients, taken as one vector."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, NamedTuple, Optional, Tuple


class Norms(NamedTuple):
    """Of each gradient, as one tensor [gradients], and of all together, as a tensor of one element."""

    each: Any
    total: Any


def gradients(parameters: List[Any]) -> "Tuple[List[Any], List[Any]]":
    """The parameters that have a gradient, and those gradients as dense tensors."""
    having, dense = [], []
    for parameter in parameters:
        gradient = parameter.grad
        if gradient is not None:
            having.append(parameter)
            dense.append(gradient.coalesce().values() if gradient.is_sparse else gradient)
    return having, dense


def measure(dense: List[Any]) -> Optional[Norms]:
    """Norms by one fused kernel a device and type. Call it under ``no_grad``. None if there is nothing to measure.

    Half-precision gradients are summed up in single precision, where their squares don't overflow.
    """
    if not dense or any(hasattr(gradient, "placements") for gradient in dense):
        return None
    torch: Any = sys.modules["torch"]
    first = dense[0]
    if all(gradient.dtype is first.dtype and gradient.device == first.device for gradient in dense):
        each = torch.stack(_foreach(torch, dense))
    else:
        groups: Dict[Tuple[Any, Any], List[int]] = {}
        for index, gradient in enumerate(dense):
            groups.setdefault((gradient.device, gradient.dtype), []).append(index)
        found: List[Any] = [None] * len(dense)
        for indices in groups.values():
            for index, norm in zip(indices, _foreach(torch, [dense[index] for index in indices])):
                found[index] = norm.to(device=first.device, dtype=torch.float32)
        each = torch.stack(found)
    return Norms(each, torch.linalg.vector_norm(each))


def _foreach(torch: Any, same: List[Any]) -> List[Any]:
    if same[0].dtype in (torch.float16, torch.bfloat16):
        return [torch.linalg.vector_norm(tensor, dtype=torch.float32) for tensor in same]
    if hasattr(torch, "_foreach_norm"):
        return list(torch._foreach_norm(same))
    return [torch.linalg.vector_norm(tensor) for tensor in same]
