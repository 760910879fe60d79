"""A multilayer perceptron on images of digits."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


def make(device: str):
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 1024),
        nn.ReLU(),
        nn.Linear(1024, 1024),
        nn.ReLU(),
        nn.Linear(1024, 10),
    ).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    inputs = torch.randn(8, 128, 28, 28, device=device)
    targets = torch.randint(10, (8, 128), device=device)

    def loss(step: int) -> torch.Tensor:
        return F.cross_entropy(model(inputs[step % 8]), targets[step % 8])

    return model, optimizer, loss
