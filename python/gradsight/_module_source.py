"""What module holds a parameter, and where in the user's code its class stands."""

from __future__ import annotations

import inspect
import linecache
import os
import re
import sys
from types import FunctionType
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple
from weakref import WeakKeyDictionary

from ._protocol import Location
from ._site import is_library


class Origin(NamedTuple):
    """Of a parameter, as it was found in a model."""

    module: type
    """The class of the module that holds it."""
    owner: Optional[type]
    """The class of the innermost module on the way to it (``encoder.0.weight``) that the user wrote.

    A layer of the framework is no place to look at: the class that put it there is.
    """
    attribute: str
    """Of the owner, or of the model where none is the user's: the next step on the way."""


def origin(model: Any, parameter: str) -> Origin:
    way = list(zip(_way(model, parameter), parameter.split(".")))
    owner, attribute = next(
        ((type(module), name) for module, name in reversed(way) if is_the_users(type(module))), (None, way[0][1])
    )
    return Origin(type(way[-1][0]), owner, attribute)


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


_users: "WeakKeyDictionary[type, bool]" = WeakKeyDictionary()


def is_the_users(kind: type) -> bool:
    known = _users.get(kind)
    if known is None:
        file = _some_line(kind)[0]
        known = _users[kind] = file is not None and not is_library(file)
    return known


def _some_line(kind: type) -> Tuple[Optional[str], Optional[int]]:
    """The file of a class, and a line of it that is not above its ``class``: that of its first method."""
    functions = [value for value in vars(kind).values() if isinstance(value, FunctionType)]
    own: List[FunctionType] = [each for each in functions if each.__qualname__.startswith(f"{kind.__qualname__}.")]
    codes = [each.__code__ for each in map(inspect.unwrap, own) if isinstance(each, FunctionType)]  # as it was written
    if codes:
        code = min(codes, key=lambda code: code.co_firstlineno)
        return code.co_filename, code.co_firstlineno
    return getattr(sys.modules.get(kind.__module__), "__file__", None), None
