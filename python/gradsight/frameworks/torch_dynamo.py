"""``torch.compile`` of PyTorch 2.0 to 2.5 takes the hooks off the optimizers when it is first used, even for a model alone.

It removes what PyTorch wraps around ``step`` for profiling, and with it the calls of the hooks. So ours goes around it.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

from .._guard import Guard
from .torch_recorder import TorchRecorder, torch
from .torch_step import wrap_all

_guard = Guard("recording updates beside torch.compile")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch._dynamo.eval_frame``."""
    original = module.TorchPatcher.patch
    if "hooked" not in inspect.unwrap(original).__code__.co_consts:  # what marks what is wrapped
        return

    @functools.lru_cache(None)
    def patch() -> None:
        original()
        _guard(wrap_all)(torch().optim.Optimizer)

    module.TorchPatcher.patch = staticmethod(patch)
