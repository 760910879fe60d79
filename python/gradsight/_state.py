"""The folder in which this user's runs leave what should outlive them: the recordings of the flight recorder."""

from __future__ import annotations

import os
import sys

VARIABLE = "GRADSIGHT_STATE"
"""Names another folder."""


def flights() -> str:
    """Where the recordings are. The folder need not exist."""
    return os.path.join(os.environ.get(VARIABLE) or _of_this_user(), "flights")


def _of_this_user() -> str:
    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA") or os.path.expanduser("~"), "Gradsight")
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Application Support/Gradsight")
    return os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "gradsight")
