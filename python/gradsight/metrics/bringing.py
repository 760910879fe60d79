"""Tensors on their way from one device to another, for which nothing waits."""

from __future__ import annotations

from typing import Any, List


def meeting_place(tensors: List[Any]) -> Any:
    """The device to bring these to, of which one is given at least: none that the others would have to be waited for."""
    return next((tensor.device for tensor in tensors if not tensor.is_cpu), tensors[0].device)


def brought(tensor: Any, device: Any) -> Any:
    """The tensor on a device. What isn't pinned, CUDA may finish all that it has to do before it takes it."""
    if tensor.is_cpu and device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
