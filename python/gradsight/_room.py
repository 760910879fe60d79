"""How much may wait for the sender's thread: over all series together, in bytes, since a process may have a thousand of them.

Whoever appends to a queue asks the queue's share first. What finds no room is left out. There is no lock, which a fork could
leave locked: a portion is an item that one thread alone can pop.
"""

from __future__ import annotations

from collections import deque
from typing import Deque

PORTION = 32 * 1024
"""Bytes. Each queue has as much without asking."""

_portions: Deque[int] = deque(range(1344))
"""Those that nobody has: 42 MiB, some 100,000 updates, or 100 seconds of a thousand a second."""


class Share:
    """Of one queue. Several threads may fill it; one of them empties it."""

    def __init__(self) -> None:
        self._held: Deque[int] = deque()

    def has_room(self, waiting: int) -> bool:
        """Whether so many bytes may wait, those of the next item included."""
        while waiting > PORTION * (1 + len(self._held)):
            try:
                self._held.append(_portions.pop())
            except IndexError:
                return False
        return True

    def is_left_with(self, waiting: int) -> None:
        """Gives back what the queue, which holds so many bytes now, no longer needs."""
        try:
            while PORTION * len(self._held) > waiting:
                _portions.append(self._held.pop())
        except IndexError:
            pass
