"""``gradsight.note``: moments that the script marks itself."""

from __future__ import annotations

from typing import Any

from . import _process
from ._guard import Guard
from ._protocol import step_number

_guard = Guard("gradsight.note")


@_guard
def note(message: Any, step: Any) -> None:
    session = _process.current()
    if session is not None:
        session.event("note", str(message), step=None if step is None else step_number(step))
