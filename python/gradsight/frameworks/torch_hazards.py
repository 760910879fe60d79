"""Finite inputs of which an operation makes infinity or NaN: log of 0, a division by it, a square that is too large."""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, Optional

Hazard = Callable[[Dict[str, Any]], Optional[str]]
"""What is wrong with the tensors that autograd has kept of an operation; None if nothing is. KeyError: not kept."""


def _at_most(saved: str, limit: float, text: str) -> Hazard:
    def look(kept: Dict[str, Any]) -> Optional[str]:
        bad = int((kept[saved] <= limit).sum())
        return f"{bad} of {kept[saved].numel()} inputs were {text}" if bad else None

    return look


def _negative(kept: Dict[str, Any]) -> Optional[str]:
    bad = int((kept["_saved_self"] < 0).sum())
    return f"{bad} of {kept['_saved_self'].numel()} inputs were negative" if bad else None


def _zero_divisors(kept: Dict[str, Any]) -> Optional[str]:
    bad = int((kept["_saved_other"] == 0).sum())
    return f"{bad} of {kept['_saved_other'].numel()} divisors were zero" if bad else None


def _too_large_a_square(kept: Dict[str, Any]) -> Optional[str]:
    difference = kept["_saved_self"] - kept["_saved_target"] if "_saved_target" in kept else kept["_saved_self"]
    bad = int(sys.modules["torch"].isinf(difference * difference).sum())
    largest = float(difference.abs().max())
    return f"the square of a number as large as {largest:.3g} is beyond what its type can hold" if bad else None


# By the operation's name.
HAZARDS: Dict[str, Hazard] = {
    "log": _at_most("_saved_self", 0.0, "zero or less"),
    "log2": _at_most("_saved_self", 0.0, "zero or less"),
    "log10": _at_most("_saved_self", 0.0, "zero or less"),
    "log1p": _at_most("_saved_self", -1.0, "-1 or less"),
    "sqrt": _negative,
    "div": _zero_divisors,
    "pow": _too_large_a_square,
    "mse_loss": _too_large_a_square,
}
