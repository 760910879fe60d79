"""Where in the user's code the class stands whose module holds a parameter."""

from __future__ import annotations

import linecache
import os
import re
import sys
from types import FunctionType
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ._protocol import Location
from ._site import is_library


def owning_class(model: Any, parameter: str) -> Optional[type]:
    """Of the modules on the way to ``parameter`` (``encoder.0.weight``) the innermost one whose class is the user's.

    A layer of the framework is no place to look at: the class that put it there is.
    """
    classes = [type(module) for module in _way(model, parameter)]
    return next((kind for kind in reversed(classes) if _is_the_users(kind)), None)


def class_location(kind: type) -> Optional[Location]:
    """Where ``class`` stands, as far as the source is there to be read."""
    file, below = _some_line(kind)
    if file is None or is_library(file):
        return None
    lines = linecache.getlines(file)
    pattern = re.compile(rf"\s*class\s+{re.escape(kind.__name__)}\b")
    found = [number for number, line in enumerate(lines, 1) if pattern.match(line)]
    if below is not None:
        found = [number for number in found if number <= below][-1:]
    if len(found) != 1:  # unknown, or any of several
        return None
    return Location(os.path.abspath(file) if not file.startswith("<") else file, found[0])


def _way(model: Any, parameter: str) -> Iterator[Any]:
    children: Dict[str, Any] = {}
    module = model
    for name in parameter.split("."):
        yield module
        children = getattr(module, "_modules", None) or {}
        module = children.get(name)
        if module is None:
            return


def _is_the_users(kind: type) -> bool:
    file = _some_line(kind)[0]
    return file is not None and not is_library(file)


def _some_line(kind: type) -> Tuple[Optional[str], Optional[int]]:
    """The file of a class, and a line of it that is not above its ``class``: that of its first method."""
    functions = [value for value in vars(kind).values() if isinstance(value, FunctionType)]
    own: List[FunctionType] = [each for each in functions if each.__qualname__.startswith(f"{kind.__qualname__}.")]
    if own:
        code = min((function.__code__ for function in own), key=lambda code: code.co_firstlineno)
        return code.co_filename, code.co_firstlineno
    return getattr(sys.modules.get(kind.__module__), "__file__", None), None
