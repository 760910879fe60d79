"""Where in the user's code something was called."""

from __future__ import annotations

import os
import sys
import sysconfig
from types import CodeType, FrameType
from typing import Dict, Optional, Tuple

from . import _cell
from ._protocol import Location

_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))  # the latter is Debian's
_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _library_folders() -> Tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {os.path.abspath(paths[key]) + os.sep for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(sorted(folders))


_LIBRARIES = _library_folders()
_FRAMEWORKS = (
    *(
        "torch",
        "lightning",
        "lightning_fabric",
        "pytorch_lightning",
        "accelerate",
        "transformers",
        "trl",
        "deepspeed",
        "ignite",
    ),
    *("fastai", "timm", "keras", "tf_keras", "tensorflow", "jax", "optax", "flax", "stable_baselines3"),
)
"""Packages whose code makes updates for the user's, also where they lie in a checkout: ``pip install --editable``."""
_foreign: Dict[str, bool] = {}
"""By file: whether its frames are passed over. A trainer puts a dozen of them between the update and the user's code."""
_seen: Dict[Tuple[str, int], Location] = {}
_latest: Dict[int, Tuple[CodeType, Location]] = {}
"""By place in the bytecode, which costs less to ask for than the line: what was called there last."""


def caller_location(frame: Optional[FrameType]) -> Optional[Location]:
    """The first frame, from ``frame`` outwards, that is neither the probe's nor an installed package's.

    A trainer that hides the update inside a package is seen where the user's code calls that trainer. Cheap: it is asked
    for in each step.
    """
    while frame is not None:
        file = frame.f_code.co_filename
        foreign = _foreign.get(file)
        if foreign is None:
            foreign = _foreign[file] = file.startswith("<frozen") or is_library(file)
        if not foreign:
            latest = _latest.get(frame.f_lasti)
            if latest is not None and latest[0] is frame.f_code:
                return latest[1]
            found = _location(file, frame.f_lineno)
            if len(_latest) > 256:
                _latest.clear()
            _latest[frame.f_lasti] = frame.f_code, found
            return found
        frame = frame.f_back
    return None


def _location(file: str, line: int) -> Location:
    known = _seen.get((file, line))
    if known is None:
        path = file if file.startswith("<") else os.path.abspath(file)
        known = _seen[file, line] = _cell.location(file, line) or Location(path, line)
    return known


def is_library(file: str) -> bool:
    """Whether ``file`` is the probe's own, the standard library's, an installed package's or a framework's."""
    return (
        file.startswith(_PACKAGE)
        or file.startswith(_LIBRARIES)
        or any(folder in file for folder in _INSTALLED)
        or any(file.startswith(folder) for folder in map(_folder_of, _FRAMEWORKS) if folder is not None)
    )


def _folder_of(framework: str) -> Optional[str]:
    """Where an imported package lies; None where it isn't one, but a file of this name beside the script, say."""
    file = getattr(sys.modules.get(framework), "__file__", None)
    folder, name = os.path.split(file or "")
    return folder + os.sep if name == "__init__.py" and os.path.basename(folder) == framework else None


def caller_frame(depth: int = 1) -> FrameType:
    return sys._getframe(depth + 1)
