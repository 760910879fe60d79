"""Steps that all ranks sample, without asking each other: the multiples of a power of two."""

from __future__ import annotations

import time


class SharedSteps:
    """About one sample in ``period`` seconds. Each rank finds its power by its own clock; where two of them differ, the steps
    of the larger one are among those of the smaller.
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self._every = 1
        self._last: float = float("-inf")

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
        return True
