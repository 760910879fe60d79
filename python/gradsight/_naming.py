"""What the user's code calls an object: the variable that holds an optimizer, a parameter's path in its module."""

from __future__ import annotations

from types import FrameType
from typing import Any, Dict, Iterator, List, Optional

from ._module_source import Origin, origin
from ._site import is_library

MAX_FRAMES = 40


def variable_name(frame: Optional[FrameType], thing: object) -> Optional[str]:
    """The name of a local, global or attribute of ``self`` that holds ``thing``, nearest frame first; else of a
    container there, with the place of ``thing`` in it: ``optimizers["critic"]``.
    """
    while frame is not None and is_library(frame.f_code.co_filename):  # what traces has deep stacks
        frame = frame.f_back
    scopes = [
        {**{name: value for name, value in scope.items() if not name.startswith("__")}, **_attributes(scope)}
        for scope in _scopes(frame)
    ]
    for scope in scopes:
        for name, value in scope.items():
            if value is thing:
                return name
    for scope in scopes:
        for name, value in scope.items():
            place = _place(value, thing)
            if place is not None:
                return f"{name}[{place}]"
    return None


def _attributes(scope: Dict[str, Any]) -> Dict[str, Any]:
    return {str(name).lstrip("_"): value for name, value in getattr(scope.get("self"), "__dict__", {}).items()}


def _place(container: Any, thing: object) -> Optional[str]:
    items: Any = ()
    if isinstance(container, (list, tuple)):
        items = enumerate(container)
    elif isinstance(container, dict):
        items = list(container.items())
    found = next((place for place, value in items if value is thing), None)
    return None if found is None else repr(found) if isinstance(found, (str, int)) else type(found).__name__


def parameter_names(
    frame: Optional[FrameType], groups: List[Dict[str, Any]], origins: Optional[Dict[str, Origin]] = None
) -> Dict[int, str]:
    """A name for each parameter by its ``id``: its path in the largest module in sight, else its place and shape.

    ``origins`` is given, by name, where each was found, of those that are in a module.
    """
    wanted = {id(parameter) for group in groups for parameter in group["params"]}
    names: Dict[int, str] = {}
    for group in groups:  # optimizers built from named_parameters() know
        names.update(zip(map(id, group["params"]), group.get("param_names") or ()))
    for module in _modules(frame):
        if wanted <= names.keys():
            break
        for name, parameter in module.named_parameters():
            if id(parameter) in wanted and names.setdefault(id(parameter), name) == name and origins is not None:
                origins.setdefault(name, origin(module, name))
    index = 0
    for group in groups:
        for parameter in group["params"]:
            names.setdefault(id(parameter), f"parameter {index} {tuple(parameter.shape)}")
            index += 1
    return names


def _modules(frame: Optional[FrameType]) -> Iterator[Any]:
    """Things in sight that have named parameters; whole models first, as far as one can tell: by size."""
    found: Dict[int, Any] = {}
    for scope in _scopes(frame, library=True):
        values = [*scope.values(), *getattr(scope.get("self"), "__dict__", {}).values()]
        for value in values:
            if not isinstance(value, type) and callable(getattr(type(value), "named_parameters", None)):
                found[id(value)] = value
    return iter(sorted(found.values(), key=lambda module: -sum(1 for _ in module.named_parameters())))


def _scopes(frame: Optional[FrameType], library: bool = False) -> Iterator[Dict[str, Any]]:
    count = 0
    while frame is not None and count < MAX_FRAMES:
        if library or not is_library(frame.f_code.co_filename):
            yield dict(frame.f_locals)
            if frame.f_globals is not frame.f_locals:
                yield dict(frame.f_globals)
        frame, count = frame.f_back, count + 1
