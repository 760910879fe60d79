"""``%load_ext gradsight``: each cell that trains is a run of its own, also when it is run again."""

from __future__ import annotations

import os
import signal
import traceback
from typing import Any, Optional, Tuple

from . import _cell, _process, frameworks
from ._guard import Guard
from ._session import Outcome

_guard = Guard("recording cells")


def load(shell: Any) -> None:
    """``shell`` is the ``InteractiveShell``."""
    name, script = _names(shell)
    if _process.start(name=name, script=script, waits=True) is not None:
        shell.events.register("post_run_cell", _guard(_ran))


def _ran(result: Any) -> None:
    """The cell's run ends with the cell; the next one begins with the first step of another."""
    session = _process.current()
    if session is None or not session.is_started:
        return
    session.close(_outcome(result.error_before_exec or result.error_in_exec))
    frameworks.move(_process.again())


def _outcome(error: Optional[BaseException]) -> Outcome:
    if error is None:
        return Outcome("finished", None, 0)
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    if isinstance(error, KeyboardInterrupt):
        return Outcome("interrupted", text, 128 + signal.SIGINT)
    return Outcome("failed", text, 1)


def _names(shell: Any) -> Tuple[str, Optional[str]]:
    """The notebook's name and path, as far as they are known."""
    path = _cell.notebook(shell)
    return ("notebook" if path is None else os.path.basename(path)), path
