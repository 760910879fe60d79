"""The hooks, put into this test process once, and a hub that gets what they record."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import torch
from gradsight import frameworks
from gradsight._identity import identify
from gradsight._session import Session
from testing_hub import HubForTests

Step = Dict[str, Any]


class Recording:
    """What arrives of the optimizers that the tests make."""

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)
        self.hub = HubForTests(folder).start()
        self.session = Session(str(self.hub.rendezvous), identify(), "tests", None)
        self.recorder = frameworks.install(self.session)
        self.session.start()

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

    def layers(self, optimizer: torch.optim.Optimizer) -> Dict[int, Dict[str, float]]:
        id = self._id(optimizer)
        self.hub.wait(lambda: self.hub.layers(id))
        return self.hub.layers(id)

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
