"""Where in the user's code something was called."""

from __future__ import annotations

import os
import sys
import sysconfig
from types import CodeType, FrameType
from typing import Dict, Optional, Tuple

from ._protocol import Location

_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))  # the latter is Debian's
_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _library_folders() -> Tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {os.path.abspath(paths[key]) + os.sep for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(sorted(folders))


_LIBRARIES = _library_folders()
_seen: Dict[Tuple[CodeType, int], Location] = {}


def caller_location(frame: Optional[FrameType]) -> Optional[Location]:
    """The first frame, from ``frame`` outwards, that is neither the probe's nor an installed package's.

    A trainer that hides the update inside a package is seen where the user's code calls that trainer. Cheap when asked
    again for the same call site.
    """
    if frame is None:
        return None
    key = (frame.f_code, frame.f_lineno)
    known = _seen.get(key)
    if known is not None:
        return known
    start: Optional[FrameType] = frame
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<frozen") and not is_library(file):
            found = Location(os.path.abspath(file) if not file.startswith("<") else file, frame.f_lineno)
            if frame is start:
                _seen[key] = found
            return found
        frame = frame.f_back
    return None


def is_library(file: str) -> bool:
    """Whether ``file`` is the probe's own, the standard library's or an installed package's."""
    return file.startswith(_PACKAGE) or file.startswith(_LIBRARIES) or any(folder in file for folder in _INSTALLED)


def caller_frame(depth: int = 1) -> FrameType:
    return sys._getframe(depth + 1)
