"""What the user's code says of each layer: its class, and the lines where it is defined and made. Worked out once a table of
layers, by the thread that describes the series; reading and parsing a file is nothing for the training thread."""

from __future__ import annotations

import ast
import inspect
import linecache
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from . import _protocol
from ._guard import Guard
from ._module_source import Origin, class_location, is_the_users
from ._protocol import Location

MAX_SOURCES = 4096
_REGISTER = ("register_parameter", "register_module", "add_module")

_guard = Guard("finding the layers' code")


class LayerCode:
    """``layerCode`` of ``protocol/telemetry.ts``, of one series."""

    def __init__(self, origins: Mapping[str, Origin]) -> None:
        self._origins = origins
        self._told: Tuple[int, Optional[Dict[str, Any]]] = (0, None)

    def of(self, layers: Mapping[str, List[str]]) -> Optional[Dict[str, Any]]:
        """None where no layer was found in a module. Tables never change, so that their number tells of a new one."""
        tables, code = self._told
        if tables != len(layers):
            code = _guard(self._find)(layers) if self._origins else None
            self._told = len(layers), code
        return code

    def _find(self, layers: Mapping[str, List[str]]) -> Dict[str, Any]:
        places: Dict[Origin, int] = {}
        of: Dict[str, List[Optional[int]]] = {}
        for table, names in layers.items():
            of[table] = []
            for found in map(self._origins.get, names):
                if found is not None and len(places) < MAX_SOURCES:
                    places.setdefault(found, len(places))
                of[table].append(None if found is None else places.get(found))
        assignments = Assignments()
        return {"sources": [_source(found, assignments) for found in places], "of": of}


def _source(found: Origin, assignments: Assignments) -> Dict[str, Any]:
    kind, owner = found.module, found.owner
    return {
        "module": _protocol.cut(f"{kind.__module__}.{kind.__qualname__}", 256),
        "owner": owner and _protocol.cut(owner.__qualname__, 256),
        "definition": owner and _protocol.location(class_location(owner)),
        "assignment": owner and _protocol.location(assignments.find(owner, found.attribute)),
    }


Made = Dict[str, List[int]]
"""The lines of a class that give an object an attribute, by its name."""


class Assignments:
    """Reads each file and goes over each class once."""

    def __init__(self) -> None:
        self._files: Dict[str, Dict[int, ast.ClassDef]] = {}
        self._classes: Dict[type, Made] = {}

    def find(self, owner: type, attribute: str) -> Optional[Location]:
        """Where the class, or one that it inherits from, gives itself this attribute; None unless that is one line."""
        for kind in owner.__mro__:
            stands = class_location(kind) if is_the_users(kind) else None
            if stands is None:
                continue
            if kind not in self._classes:
                self._classes[kind] = self._made_by(kind, stands)
            lines = self._classes[kind].get(attribute)
            if lines:
                return Location(stands.file, lines[0]) if len(lines) == 1 else None
        return None

    def _made_by(self, kind: type, stands: Location) -> Made:
        if stands.file not in self._files:
            self._files[stands.file] = {node.lineno: node for node in _classes_of(stands.file)}
        node = self._files[stands.file].get(stands.line)
        in_init: Made = {}
        elsewhere: Made = {}
        for method in node.body if node is not None else ():
            if isinstance(method, ast.FunctionDef) and method.args.args and _is_loaded(method, kind):
                made = in_init if method.name == "__init__" else elsewhere
                for attribute, line in _assignments(method):
                    made.setdefault(attribute, []).append(line)
        return {**elsewhere, **in_init}


def _classes_of(file: str) -> Iterator[ast.ClassDef]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError):  # a notebook's cell with a magic, or a file that was edited since
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node


def _is_loaded(method: ast.FunctionDef, kind: type) -> bool:
    """Whether the class has this very method: the file may have been edited since, or not all of it have run."""
    code = getattr(inspect.unwrap(vars(kind).get(method.name) or _is_loaded), "__code__", None)
    first = min([method.lineno, *(each.lineno for each in method.decorator_list)])
    return code is not None and (code.co_name, code.co_firstlineno) == (method.name, first)


def _assignments(method: ast.FunctionDef) -> Iterator[Tuple[str, int]]:
    """The attributes that a method gives its object, with the line."""
    itself = method.args.args[0].arg
    for node in ast.walk(method):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if _is_name(node.value, itself):
                yield node.attr, node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            named = node.args[0]
            if node.func.attr in _REGISTER and _is_name(node.func.value, itself) and isinstance(named, ast.Constant):
                yield str(named.value), node.lineno


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
