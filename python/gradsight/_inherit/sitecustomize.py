"""Started by every Python that a recorded process starts: records it, too, once it imports a framework that trains.

This folder is the first of PYTHONPATH there, and nothing else in it is seen. The ``sitecustomize`` that it hides is run.
"""

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any, Optional

FRAMEWORKS = ("torch", "jax", "keras", "mlx", "optax", "tensorflow")

_here = os.path.dirname(os.path.abspath(__file__))


class _Finder:
    """Finds nothing; notices the first import of a framework."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> Optional[ModuleSpec]:
        if name in FRAMEWORKS:
            sys.meta_path.remove(cls)
            try:
                _record()
            except Exception:  # a Python that is too old for the probe, say
                pass
        return None


def _record() -> None:
    if "gradsight" not in sys.modules:
        package = os.path.dirname(_here)
        place = os.path.join(package, "__init__.py")
        spec = spec_from_file_location("gradsight", place, submodule_search_locations=[package])
        if spec is None or spec.loader is None:
            return
        sys.modules["gradsight"] = module = module_from_spec(spec)
        spec.loader.exec_module(module)
    from gradsight._children import allowed_by_launcher
    from gradsight._process import start

    allowed = allowed_by_launcher()
    start(waits=True, allow_control=allowed.control, pause_on_nonfinite=allowed.pause)


def _run_hidden() -> None:
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(sys.modules["sitecustomize"])


sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != _here]
sys.meta_path.insert(0, _Finder)
_run_hidden()
