"""What the tests of PyTorch train: a small network, its loss, and an optimizer that remembers what it saw."""

from __future__ import annotations

from typing import Any, List

import pytest
import torch
from recording import gradients, norm
from torch import nn

VERSION = tuple(int(number) for number in torch.__version__.split(".")[:2])


class Seen(torch.optim.SGD):
    """Remembers the gradients that its ``step`` sees."""

    def __init__(self, parameters: Any, lr: float = 0.1, **more: Any) -> None:
        super().__init__(parameters, lr=lr, **more)
        self.seen: List[float] = []

    def step(self, closure: Any = None) -> Any:
        if closure is None:
            self.seen.append(norm(gradients(self)))
        return super().step(closure)


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))


def loss_of(model: nn.Module, step: int = 0, scale: float = 3.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(step)
    inputs = torch.randn(16, 6, generator=generator)
    return ((model(inputs) - scale * inputs.sum(1, keepdim=True)) ** 2).mean()


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-5)
