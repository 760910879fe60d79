"""How often something that costs time may be done: by what it did cost, as a share of the time that passes."""

from __future__ import annotations

import time


class TimeBudget:
    def __init__(self, share: float) -> None:
        self.share = share
        self._next = 0.0

    def due(self) -> bool:
        return time.perf_counter() >= self._next

    def spent(self, started: float) -> None:
        """Since ``started`` (of ``time.perf_counter``)."""
        now = time.perf_counter()
        self._next = now + (now - started) / self.share
