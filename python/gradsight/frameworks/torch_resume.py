"""At which update an optimizer goes on that was saved by an earlier run and loaded in this one."""

from __future__ import annotations

from typing import Any


def updates_before(optimizer: Any) -> int:
    """How many updates its state says it has made; 0 where it doesn't count (SGD), or is new.

    Asked once an optimizer: where it counts on the device, that is waited for.
    """
    most = 0
    for state in optimizer.state.values():
        count = state.get("step") if isinstance(state, dict) else None
        device = getattr(count, "device", None)
        if count is None or device is not None and count.numel() != 1:
            continue
        most = max(most, int(count))
        if device is not None and device.type != "cpu":
            break
    return most
