"""Whether saved weights are finite: it is looked at once a run has gone bad, where saving has waited for the device anyway."""

from __future__ import annotations

import math
import sys
from typing import Any, Iterable, Optional

from .._checkpoints import FINITE, NONFINITE_WEIGHTS


def look(tensors: Iterable[Any], all_of_them: bool) -> Optional[str]:
    """``all_of_them``: whether these are the whole weights, and not what this rank has of them. None: that can't be told.

    The least and the largest element tell, for which no copy is made; both are NaN where one is.
    """
    torch: Any = sys.modules["torch"]
    seen = False
    with torch.no_grad():
        for tensor in tensors:
            if hasattr(tensor, "placements"):
                tensor, all_of_them = tensor.to_local(), False
            if tensor.is_complex():
                tensor = torch.view_as_real(tensor)
            if not tensor.is_floating_point() or tensor.numel() == 0:
                continue
            seen = True
            if not all(math.isfinite(float(end)) for end in torch.aminmax(tensor)):
                return NONFINITE_WEIGHTS
    return FINITE if seen and all_of_them else None
