"""Steps that all ranks sample, without asking each other: the multiples of a power of two."""

from __future__ import annotations

import sys
import time


class SharedSteps:
    """About one sample in ``period`` seconds. Each rank finds its power by its own clock; where two of them differ, the steps
    of the larger one are among those of the smaller.
    """

    def __init__(self, period: float, share: float = 1.0) -> None:
        """``share``: what samples may take of the time that passes; where that is not enough, they are further apart."""
        self._at_least = period
        self._share = share
        self._period = period
        self._every = 1
        self._last: float = float("-inf")
        self._cost = 0.0

    def due(self, step: int) -> bool:
        """To be asked once a step; True is a sample."""
        if step % self._every:
            return False
        now = time.perf_counter()
        if now - self._last < self._period / 2:
            self._every *= 2
            if step % self._every:
                return False
        elif now - self._last > self._period * 2 and self._every > 1:
            self._every //= 2
        self._last = now
        self._cost = 0.0
        return True

    def spent(self, started: float) -> None:
        """Since ``started`` (of ``time.perf_counter``). What one sample costs in several parts adds up."""
        self._cost += time.perf_counter() - started
        self._period = max(self._at_least, self._cost / self._share)

    def stop(self) -> None:
        """Never again."""
        self._every = sys.maxsize
