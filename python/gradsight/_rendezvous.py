"""The file that says how to reach the editor, as ``protocol/rendezvous.ts`` defines it."""

from __future__ import annotations

import json
import os
from typing import NamedTuple, Optional

VARIABLE = "GRADSIGHT_RENDEZVOUS"


class Rendezvous(NamedTuple):
    protocol: int
    port: int
    token: str
    spill: str


def path() -> Optional[str]:
    return os.environ.get(VARIABLE) or None


def spill_beside(file: str) -> Optional[str]:
    """Where to leave a run while no editor has written the file, or it took the file away when it closed.

    None where its folder is gone: what is left there nobody would take in.
    """
    folder = os.path.dirname(file)
    return os.path.join(folder, "spill") if os.path.isdir(folder) else None


def read(file: str) -> Optional[Rendezvous]:
    """Reads the file anew, since the editor rewrites it at each start; None where it can't be read or understood."""
    try:
        with open(file, encoding="utf-8") as stream:
            content = json.load(stream)
        found = Rendezvous(content["protocol"], content["port"], content["token"], content["spill"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not (isinstance(found.protocol, int) and isinstance(found.port, int) and 0 < found.port < 65_536):
        return None
    if not (isinstance(found.token, str) and isinstance(found.spill, str)):
        return None
    return found
