"""The hooks, put into this test process once, and for each test a hub that gets what they record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, List

import torch
from gradsight import frameworks
from gradsight._guard import Guard
from gradsight._identity import identify
from gradsight._session import Outcome, Session
from gradsight.frameworks.torch_recorder import TorchRecorder
from testing_hub import HubForTests

Step = Dict[str, Any]


_recorders: List[TorchRecorder] = []
"""The one recorder of this process: hooks are put in place once."""


class Recording:
    """What arrives of the optimizers that one test makes."""

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)
        self.hub = HubForTests(folder).start()
        self.session = Session(str(self.hub.rendezvous), identify(), "tests", None)
        if _recorders:
            _recorders[0].__init__(self.session)  # type: ignore[misc]  # forgets the tests before
        else:
            _recorders.append(frameworks.install(self.session))
        self.recorder = _recorders[0]
        self.session.start()

    def end(self) -> None:
        self.session.close(Outcome("finished", None, 0))
        self.hub.stop()

    def revive(self) -> None:
        """Lets every part that has stopped go on."""
        for name, module in list(sys.modules.items()):
            guard = getattr(module, "_guard", None)
            if name.startswith("gradsight.") and isinstance(guard, Guard):
                guard.failed = False

    def series(self, optimizer: torch.optim.Optimizer) -> Dict[str, Any]:
        id = self._id(optimizer)
        self.hub.wait(lambda: id in self.hub.series)
        return self.hub.series[id]

    def steps(self, optimizer: torch.optim.Optimizer, count: int) -> List[Step]:
        """The steps of this optimizer, once there are so many."""
        steps = self.hub.wait_for_steps(self._id(optimizer), count)
        assert [step["step"] for step in steps] == list(range(count))
        return steps

    def events(self, optimizer: torch.optim.Optimizer, count: int) -> List[Dict[str, Any]]:
        id = self._id(optimizer)
        self.hub.wait(lambda: sum(event["series"] == id for event in self.hub.events) >= count)
        return [event for event in self.hub.events if event["series"] == id]

    def layers(self, optimizer: torch.optim.Optimizer, kind: str = "layer") -> Dict[int, Dict[str, float]]:
        id = self._id(optimizer)
        self.hub.wait(lambda: self.hub.layers(id, kind))
        return self.hub.layers(id, kind)

    def _id(self, optimizer: torch.optim.Optimizer) -> str:
        return self.recorder._series[optimizer].series.id


def norm(tensors: Any) -> float:
    """The oracle: the 2-norm of all together, in double precision."""
    return float(sum(float((tensor.double() ** 2).sum()) for tensor in tensors) ** 0.5)


def gradients(optimizer: torch.optim.Optimizer) -> List[torch.Tensor]:
    return [
        parameter.grad.clone()
        for group in optimizer.param_groups
        for parameter in group["params"]
        if parameter.grad is not None
    ]
