"""Before 2.0 PyTorch had no hooks for all optimizers: there each class's ``step`` is wrapped.

PyTorch itself wraps it when a class is used for the first time, to profile it; ours goes around that one.
"""

from __future__ import annotations

import functools
from typing import Any, Callable, List


def install(module: Any, before: Callable[..., Any], after: Callable[..., Any]) -> None:
    """``before`` and ``after`` are called as PyTorch's own hooks are, with the optimizer, the arguments and keywords."""
    optimizer_class = module.Optimizer
    original = optimizer_class._hook_for_profile

    @functools.wraps(original)
    def _hook_for_profile(self: Any) -> None:
        original(self)
        wrap_step(type(self), before, after)

    optimizer_class._hook_for_profile = _hook_for_profile
    for kind in subclasses(optimizer_class):
        if getattr(vars(kind).get("step"), "hooked", False):
            wrap_step(kind, before, after)


def wrap_step(kind: Any, before: Callable[..., Any], after: Callable[..., Any]) -> None:
    """Once a class. Where PyTorch calls hooks as well, its calls come within ours, and change nothing."""
    original = kind.step
    if getattr(original, "recorded", False):
        return

    @functools.wraps(original)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        changed = before(self, (self, *args), kwargs)
        if changed is not None:
            (_, *args), kwargs = changed
        result = original(self, *args, **kwargs)
        after(self, (self, *args), kwargs)
        return result

    step.recorded = True  # type: ignore[attr-defined]
    kind.step = step


def subclasses(kind: Any) -> List[Any]:
    direct: List[Any] = kind.__subclasses__()
    return direct + [each for child in direct for each in subclasses(child)]
