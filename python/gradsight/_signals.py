"""SIGTERM and SIGHUP, where the script would die of them without a word, leave time for the last steps.

Python calls a handler once the main thread is back in Python. A rank that waits for the others in a collective may never be,
and would not die of what it would have died of at once. So a thread hears of the signal, too, and ends a process that does
not come back.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any, List, Optional

from ._guard import Guard
from ._process import current
from ._session import Outcome

GRACE = 1.0
"""Seconds for the main thread to come back."""

DEVICE_PATIENCE = 1.0
"""Seconds for what a device has yet to tell of the last steps."""

_guard = Guard("recording the end")
_watched: List[int] = []
_seen_to = threading.Lock()
"""Held, for good, by the thread that ends the process. Nothing that a handler may interrupt itself in."""
_pipe: Optional[int] = None


def install() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)
            _watched.append(number)
    if _watched and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_guard(_restore))
        _guard(_listen)()


def _end(number: int, _frame: Optional[FrameType]) -> None:
    if not _seen_to.acquire(blocking=False):  # a second one, of a launcher and of its terminal, say
        return
    _close(number)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _close(number: int) -> None:
    try:
        session = current()
        if session is not None:
            name = signal.Signals(number).name
            session.close(Outcome("interrupted", f"ended by {name}", 128 + number), patience=DEVICE_PATIENCE)
    except Exception as error:
        _guard.fail(error)


def _listen() -> None:
    """Python writes the number of each signal into a pipe as it comes."""
    global _pipe
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        if before == -1:  # not an event loop's, say
            threading.Thread(target=_guard(_wait), args=(reading,), name="gradsight-signals", daemon=True).start()
            _pipe = writing
            return
    except RuntimeError:  # there can be no thread, and who starts the recording says so
        pass
    signal.set_wakeup_fd(before)
    os.close(reading)
    os.close(writing)


def _wait(reading: int) -> None:
    while True:
        for number in os.read(reading, 64):
            if number not in _watched or signal.getsignal(number) is not _end:
                continue
            time.sleep(GRACE)
            if _seen_to.acquire(blocking=False):
                _close(number)
                _die(number)


def _die(number: int) -> None:
    """Python sets a handler in the main thread alone, which is away."""
    try:
        import ctypes

        set_handler: Any = ctypes.CDLL(None).signal
        set_handler.argtypes, set_handler.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
        set_handler(number, None)  # SIG_DFL
        os.kill(os.getpid(), number)
    finally:
        end: Any = sys.modules["posix"]._exit  # not what is in the place of os._exit
        end(128 + number)


def _restore() -> None:
    """In a forked child."""
    for number in _watched:
        if signal.getsignal(number) is _end:
            signal.signal(number, signal.SIG_DFL)
    if _pipe is not None:
        current_pipe = signal.set_wakeup_fd(-1)
        if current_pipe != _pipe:
            signal.set_wakeup_fd(current_pipe)
