"""NaN and infinity: one event for each streak of them, with the first parameter that went bad where it is known."""

from __future__ import annotations

import math
from typing import List, Optional

from .._series import Series
from .._session import Session


class NonFiniteWatch:
    def __init__(self, session: Session, series: Series) -> None:
        self._session = session
        self._series = series
        self._bad = False

    def see(self, step: int, norm: Optional[float], loss: Optional[float], parameter: Optional[str]) -> None:
        """Call for every step in order. ``parameter`` is the first bad one, if known."""
        norm_bad = norm is not None and not math.isfinite(norm)
        loss_bad = loss is not None and not math.isfinite(loss)
        was_bad, self._bad = self._bad, norm_bad or loss_bad
        if not self._bad or was_bad:
            return
        if parameter is not None:
            message = f"The gradient of {parameter} is not finite (the first one that is not)."
        elif norm_bad:
            message = "The gradient norm is not finite."
        else:
            message = "The loss is not finite."
        data = {"parameter": parameter, "norm": norm, "loss": loss}
        self._session.event("nonfinite", message, self._series, step, dict(data))


def first_bad(norms: List[float], names: List[str]) -> Optional[str]:
    """The name of the first norm that is not finite."""
    return next((name for norm, name in zip(norms, names) if not math.isfinite(norm)), None)
