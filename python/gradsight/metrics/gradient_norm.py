"""The global gradient norm: the 2-norm of all gradients, taken as one vector."""

from __future__ import annotations

import math
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .bringing import brought, meeting_place


class Norms(NamedTuple):
    """Of each gradient, as one tensor [gradients], and of all together, as a tensor of one element."""

    each: Any
    total: Any


def gradients(parameters: List[Any]) -> "Tuple[List[Any], List[Any]]":
    """The parameters that have a gradient, and those gradients as dense tensors.

    Of a sparse gradient that names an index more than once, the sum counts, as it does for the optimizer.
    """
    having, dense = [], []
    for parameter in parameters:
        gradient = parameter.grad
        if gradient is not None:
            having.append(parameter)
            dense.append(gradient.coalesce().values() if gradient.is_sparse else gradient)
    return having, dense


def measure(dense: List[Any]) -> Optional[Norms]:
    """2-norms of tensors, by one fused kernel a device and type, without a graph. None if there are none.

    Half-precision tensors are summed up in single precision, where their squares don't overflow. Where the squares of
    single precision do, a CPU takes double precision, so that an infinite norm is one of an infinite element.
    """
    torch: Any = sys.modules["torch"]
    plain = torch.Tensor
    if not dense or any([type(tensor) is not plain and hasattr(tensor, "placements") for tensor in dense]):
        return None
    with torch.no_grad():
        return _measure(torch, dense)


def _measure(torch: Any, dense: List[Any]) -> Norms:
    first = dense[0]
    if _alike(dense, first):
        each = torch.stack(_foreach(torch, dense))
    else:
        each = torch.stack(_by_kind(torch, dense))
    total = torch.linalg.vector_norm(each)
    if each.device.type == "cpu" and math.isinf(total.item()):
        each = torch.stack([_in_double(torch, tensor) for tensor in dense])
        total = torch.linalg.vector_norm(each)
    return Norms(each, total)


def _by_kind(torch: Any, dense: List[Any]) -> List[Any]:
    """The norm of each, all of one type and on one device."""
    groups: Dict[Tuple[Any, Any], List[int]] = {}
    for index, tensor in enumerate(dense):
        groups.setdefault((tensor.device, tensor.dtype), []).append(index)
    norms = [torch.stack(_foreach(torch, [dense[index] for index in indices])) for indices in groups.values()]
    widest = torch.float64 if any(norm.dtype is torch.float64 for norm in norms) else torch.float32
    device = meeting_place(norms)
    found: List[Any] = [None] * len(dense)
    for indices, together in zip(groups.values(), norms):
        for index, norm in zip(indices, brought(together.to(widest), device).unbind()):
            found[index] = norm
    return found


def _alike(dense: List[Any], first: Any) -> bool:
    """Whether all are of one type and device, which one that isn't the CPU makes anew each time it is asked for."""
    dtype = first.dtype
    if all([tensor.is_cpu and tensor.dtype is dtype for tensor in dense]):
        return True
    device = first.device
    return all([tensor.dtype is dtype and tensor.device == device for tensor in dense])


def _foreach(torch: Any, same: List[Any]) -> List[Any]:
    if same[0].dtype in (torch.float16, torch.bfloat16):
        return [torch.linalg.vector_norm(tensor, dtype=torch.float32) for tensor in same]
    if hasattr(torch, "_foreach_norm"):
        try:
            return list(torch._foreach_norm(same))
        except NotImplementedError:  # by some kinds of device in older versions
            pass
    return [torch.linalg.vector_norm(tensor) for tensor in same]


def _in_double(torch: Any, tensor: Any) -> Any:
    real = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    return torch.linalg.vector_norm(real, dtype=torch.float64)
