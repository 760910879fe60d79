"""Calls back once the script has imported a module. The probe itself imports no framework."""

from __future__ import annotations

import importlib.util
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable, Dict, Optional, Sequence

Callback = Callable[[ModuleType], object]


def after_import(callbacks: Dict[str, Callback]) -> None:
    """Calls each module's callback at once if it is loaded, else as soon as it is. Callbacks must not raise."""
    waiting = {}
    for name, callback in callbacks.items():
        module = sys.modules.get(name)
        if module is not None and not _loading(module):
            callback(module)
        else:
            waiting[name] = callback
    if waiting:
        sys.meta_path.insert(0, _Finder(waiting))


def _loading(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


class _Finder(MetaPathFinder):
    """Finds nothing itself: asks the others, and adds the callback to what they found."""

    def __init__(self, waiting: Dict[str, Callback]) -> None:
        self._waiting = waiting
        self._asking = False

    def find_spec(
        self, name: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        if name not in self._waiting or self._asking:
            return None
        self._asking = True
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return None
        finally:
            self._asking = False
        loader: Any = spec and spec.loader
        run = getattr(loader, "exec_module", None)
        if spec is None or run is None:
            return None

        def exec_module(module: ModuleType) -> None:
            run(module)
            callback = self._waiting.pop(name, None)
            if callback is not None:
                callback(module)
            if not self._waiting and self in sys.meta_path:
                sys.meta_path.remove(self)

        loader.exec_module = exec_module
        return spec
