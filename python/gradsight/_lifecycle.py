"""How the process ends: normally, by an exception, by a signal. The end is noted and then left to take its course."""

from __future__ import annotations

import atexit
import functools
import os
import signal
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import Any, NoReturn, Optional, Type

from . import _signals
from ._guard import Guard
from ._process import again, current
from ._sender import own_threads
from ._session import Outcome, Session
from ._signals import DEVICE_PATIENCE

_guard = Guard("recording the end")
_outcome = Outcome("finished", None, None)


def install() -> None:
    """For the recording of this process, whichever session it is at then."""

    def finish() -> None:
        _close(_outcome)

    atexit.register(_guard(finish))
    _watch_exceptions()
    _watch_exit()
    _watch_exec()
    if sys.version_info >= (3, 12) and hasattr(os, "fork"):
        _fork_quietly()
    _signals.install()


def _close(outcome: Outcome, patience: Optional[float] = None) -> None:
    session = current()
    if session is not None:
        session.close(outcome, patience)


def ended_by(error: Optional[BaseException]) -> None:
    """Notes what ended the script; None: it ran to its end."""
    global _outcome
    if error is None:
        _outcome = Outcome("finished", None, 0)
    elif isinstance(error, SystemExit):
        _outcome = _exit_outcome(error.code)
    else:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        if isinstance(error, KeyboardInterrupt):
            _outcome = Outcome("interrupted", text, 128 + signal.SIGINT)
        else:
            _outcome = Outcome("failed", text, 1)


def _exit_outcome(code: Any) -> Outcome:
    if code is None:
        return Outcome("finished", None, 0)
    if isinstance(code, int):
        return Outcome("failed" if code else "finished", None, int(code))
    return Outcome("failed", str(code), 1)


def _watch_exit() -> None:
    """``os._exit`` calls no exit handlers, and may be what ends a process whose device hangs."""
    original = os._exit

    @_guard
    def end(status: int) -> None:
        outcome = Outcome("failed", f"ended by os._exit({status})", status) if status else Outcome("finished", None, 0)
        _close(outcome, DEVICE_PATIENCE)

    @functools.wraps(original)
    def _exit(status: int) -> NoReturn:
        end(status)
        original(status)

    os._exit = _exit


def _watch_exec() -> None:
    """``os.exec*`` puts another program in the place of this one, and all of them come to one of these two.

    An audit hook would see them, too, but is called for much else from then on, and can't be taken off.
    """
    _wrap_exec("execv")
    _wrap_exec("execve")


def _wrap_exec(name: str) -> None:
    original = getattr(os, name)

    @_guard
    def end(path: Any) -> Optional[Session]:
        """The session that this has closed. A path that is no program only raises: a search along PATH tries several."""
        session = current()
        if session is None or session.is_closed or not (isinstance(path, int) or _is_program(path)):
            return None
        if session.is_started:
            program = path if isinstance(path, int) else os.fsdecode(path)
            session.event("note", f"os.{name} put another program in the place of this one: {program}")
        session.close(Outcome("finished", None, None))
        return session

    @_guard
    def go_on() -> None:
        from . import frameworks

        frameworks.move(again())

    @functools.wraps(original)
    def execute(path: Any, *args: Any, **kwargs: Any) -> None:
        closed = end(path)
        try:
            original(path, *args, **kwargs)
        finally:
            if closed is not None:  # it has failed all the same
                go_on()

    setattr(os, name, execute)


def _fork_quietly() -> None:
    """Since 3.12 a fork warns of other threads. Where the probe's are the only ones, there is nothing to be warned of."""
    original = os.fork

    @_guard
    def alone() -> bool:
        return _count_threads() == 1 + len(own_threads()) > 1

    @functools.wraps(original)
    def fork() -> int:
        if not alone():
            return original()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*multi-threaded, use of fork", DeprecationWarning)
            return original()

    os.fork = fork


def _count_threads() -> int:
    """Those that libraries made among them, where the system tells, as it does the interpreter."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def _is_program(path: Any) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _watch_exceptions() -> None:
    previous = sys.excepthook

    def hook(kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
        _guard(ended_by)(error)
        previous(kind, error, trace)

    sys.excepthook = hook
