"""Which thresholds are tried: multiples of the norm that the script's own training has.

No second advice: that is the editor's, from long runs. These are places at which a short trial tells something.
"""

from __future__ import annotations

import math
from statistics import median
from typing import List, Optional

from .._trial import NONE, OWN

MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0)


def grid(norms: List[float], own: Optional[float]) -> List[str]:
    """The settings beside ``OWN``, whose threshold is ``own`` (None: no clipping by norm). ``norms``: before clipping."""
    known = [norm for norm in norms if math.isfinite(norm) and norm > 0]
    if not known:
        return []
    middle = median(known)
    thresholds = [_two_digits(multiple * middle) for multiple in MULTIPLES]
    fresh = [threshold for threshold in thresholds if own is None or not math.isclose(threshold, own, rel_tol=0.05)]
    return [f"{threshold:g}" for threshold in fresh] + ([] if own is None else [NONE])


def given(text: str) -> List[str]:
    """The settings of ``--thresholds 0.5,1,none``. Raises ``ValueError``."""
    settings = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part not in (OWN, NONE):
            value = float(part)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{part} is no threshold")
            part = f"{value:g}"
        if part != OWN and part not in settings:
            settings.append(part)
    if not settings:
        raise ValueError("no threshold to try")
    return settings


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")
