"""A gradient norm that has left where it was: the moment at which the flight recorder keeps what led to it.

Coarser than the detector of the editor, which also looks at the loss: this one only decides what is kept.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from typing import Deque, List

WINDOW = 50
FEWEST = 10
FACTOR = 100.0
RUNNING = 5
UNHEARD = 3.0
"""A run that has all but converged falls back to the norms of its first steps now and then, and goes on: as ``server/advice``."""


class ExplosionWatch:
    """``FACTOR`` times the median of the last ``WINDOW`` norms, and ``UNHEARD`` times the highest such median of the run,
    ``RUNNING`` norms in a row; those are left out of it."""

    def __init__(self) -> None:
        self._norms: Deque[float] = deque()
        self._sorted: List[float] = []
        """The same: kept in order, since this is asked for at every step."""
        self._highest = 0.0
        self._running = 0

    def see(self, norm: float) -> bool:
        """Whether the explosion is established with this norm. Call for every finite norm in order."""
        known = self._sorted
        usual = known[len(known) // 2] if len(known) >= FEWEST else 0.0
        if usual > 0 and norm > max(FACTOR * usual, UNHEARD * self._highest):
            self._running += 1
            return self._running == RUNNING
        self._running = 0
        self._highest = max(self._highest, usual)
        if math.isfinite(norm):
            self._norms.append(norm)
            insort(known, norm)
            if len(known) > WINDOW:
                del known[bisect_left(known, self._norms.popleft())]
        return False
