"""The frameworks that the probe knows: which of their modules it waits for, and what it does to them then.

One framework is a set of files that begin with its name. None of them imports the framework at its head.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Callable, Dict

from .._guard import Guard
from .._imports import after_import
from .._session import Session
from .torch_reading import know_version
from .torch_recorder import TorchRecorder

# Module of the framework → module of this package, whose `install(module, recorder)` is called.
TORCH = {
    "torch._dynamo.eval_frame": "torch_dynamo",
    "torch.autograd": "torch_loss",
    "torch.autograd.graph": "torch_culprit",
    "torch.nn.modules.module": "torch_zeroing",
    "torch.nn.utils.clip_grad": "torch_clip",
    "torch.optim.optimizer": "torch_step",
    "torch.amp.grad_scaler": "torch_scaler",
    "torch.cuda.amp.grad_scaler": "torch_scaler",
}


def install(session: Session) -> TorchRecorder:
    recorder = TorchRecorder(session)

    def callback(part: str) -> Callable[[ModuleType], object]:
        def installed(module: ModuleType) -> None:
            version = str(getattr(sys.modules["torch"], "__version__"))
            know_version(version)
            importlib.import_module(f"{__name__}.{part}").install(module, recorder)
            session.uses("torch", version)

        return Guard(f"recording PyTorch ({part})")(installed)

    callbacks: Dict[str, Callable[[ModuleType], object]] = {name: callback(part) for name, part in TORCH.items()}
    after_import(callbacks)
    return recorder
