"""The training waits before an update whose gradients are not finite, until the user says how it goes on.

Never without an editor: where none is connected, or it stays away, the training goes on, and a line on stderr says so.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Optional

from ._guard import tell

APPLY, SKIP, STOP = "apply", "skip", "stop"

LOOK_PERIOD = 0.2
"""Seconds between two looks whether there still is an editor; an interrupt is heard at once."""

GRACE = 10.0
"""Seconds in which an editor that was reloaded comes back."""


class Pause:
    """``wait`` is called by the training, ``hear`` by the courier's thread."""

    def __init__(self, is_connected: Callable[[], bool], changed: Callable[[], object]) -> None:
        """``changed`` is called when a pause begins and when it ends."""
        self.at: Optional[Dict[str, Any]] = None
        """Where it waits, as the editor is told; None: it does not."""
        self._is_connected = is_connected
        self._changed = changed
        self._answered = threading.Event()
        self._answer = APPLY

    def wait(self, series: str, step: int, message: str, can_skip: bool) -> str:
        """How to go on: ``APPLY``, ``SKIP`` if it can be done, or ``STOP``."""
        if not self._is_connected():
            tell(f"{message} No editor is connected to pause for, or other ranks would wait: the training goes on.")
            return APPLY
        self._answer = APPLY
        self._answered.clear()
        self.at = {"series": series, "step": step, "message": message, "canSkip": can_skip}
        self._changed()
        seen = time.monotonic()
        try:
            while not self._answered.wait(LOOK_PERIOD):
                now = time.monotonic()
                if self._is_connected():
                    seen = now
                elif now - seen > GRACE:
                    tell("the editor that the training was paused for is gone: it goes on.")
                    break
            return self._answer
        finally:
            self.at = None
            self._changed()

    def hear(self, step: object, action: object) -> None:
        """An answer to another pause than this one, or one that can't be done, is ignored."""
        at = self.at
        if at is None or at["step"] != step or action not in (APPLY, SKIP, STOP):
            return
        if action == SKIP and not at["canSkip"]:
            return
        self._answer = str(action)
        self._answered.set()
