"""Replaces a function for those who have got hold of it already: by import, as a default, in a closure, class or list."""

from __future__ import annotations

import functools
import gc
from types import CellType, FunctionType
from typing import Any, Dict, List, Tuple


def rebind(original: Any, replacement: Any) -> None:
    """Wherever the garbage collector sees ``original`` being held, but for what ``replacement`` itself holds.

    What is in a tuple or on a stack can't be changed. Nothing in here may close over ``original``: it would be changed.
    """
    closure = replacement.__closure__ or ()
    own = set(map(id, (vars(replacement), closure, *closure)))
    for holder in gc.get_referrers(original):
        if id(holder) not in own:
            _replace_in(holder, original, replacement)


def _replace_in(holder: Any, original: Any, replacement: Any) -> None:
    if isinstance(holder, dict):
        _in_dict(holder, original, replacement)
    elif isinstance(holder, list):
        holder[:] = [replacement if item is original else item for item in holder]
    elif isinstance(holder, CellType):
        holder.cell_contents = replacement
    elif isinstance(holder, tuple):
        _in_defaults(holder, original, replacement)
    elif isinstance(holder, functools.partial) and holder.func is original:
        state: Any = (replacement, holder.args, holder.keywords, vars(holder))
        holder.__setstate__(state)  # type: ignore[attr-defined]
    elif isinstance(holder, staticmethod):
        holder.__init__(replacement)  # type: ignore[misc]


def _in_dict(holder: Dict[Any, Any], original: Any, replacement: Any) -> None:
    owner = next((kind for kind in gc.get_referrers(holder) if _is_class_of(kind, holder)), None)
    for key in [key for key, value in list(holder.items()) if value is original]:
        if owner is None:
            holder[key] = replacement
        else:
            setattr(owner, key, replacement)  # a class caches what it was asked for


def _is_class_of(kind: Any, holder: Dict[Any, Any]) -> bool:
    return isinstance(kind, type) and kind.__dict__.keys() == holder.keys() and dict(vars(kind)) == holder


def _in_defaults(holder: Tuple[Any, ...], original: Any, replacement: Any) -> None:
    changed = tuple([replacement if item is original else item for item in holder])
    functions: List[Any] = [each for each in gc.get_referrers(holder) if isinstance(each, FunctionType)]
    for function in functions:
        if function.__defaults__ is holder:
            function.__defaults__ = changed
