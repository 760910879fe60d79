"""Another limit in a call of a clip function than the script's own."""

from __future__ import annotations

from typing import Any, Dict, Tuple

Arguments = Tuple[Tuple[Any, ...], Dict[str, Any]]


def with_limit(args: Tuple[Any, ...], kwargs: Dict[str, Any], name: str, limit: float) -> Arguments:
    """The arguments behind the parameters, of which the limit is the first, and goes by this ``name``."""
    if name in kwargs:
        return args, {**kwargs, name: limit}
    return (limit, *args[1:]), kwargs


def limit_in(args: Tuple[Any, ...], kwargs: Dict[str, Any], name: str) -> Any:
    return kwargs[name] if name in kwargs else args[0]
