"""How often something that costs time may be done: by what it did cost, as a share of the time that passes."""

from __future__ import annotations

import time


class TimeBudget:
    """``share`` of the time that passes, and never sooner than ``at_least`` seconds after the last time."""

    def __init__(self, share: float, at_least: float = 0.0) -> None:
        self.share = share
        self.at_least = at_least
        self._next = 0.0

    def due(self) -> bool:
        return time.perf_counter() >= self._next

    def stop(self) -> None:
        """Never again."""
        self._next = self.at_least = float("inf")

    def spent(self, started: float) -> None:
        """Since ``started`` (of ``time.perf_counter``). What one measurement costs in several parts adds up."""
        self.took(time.perf_counter() - started)

    def took(self, seconds: float) -> None:
        """As it was measured by another clock."""
        now = time.perf_counter()
        self._next = max(max(now, self._next) + seconds / self.share, now + self.at_least)
