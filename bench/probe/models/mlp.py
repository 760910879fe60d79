"""A multilayer perceptron on images of digits."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

SIZES = {"small": (1024, 128), "large": (8192, 2048)}
"""Of the hidden layers, and of the batch."""


def make(device: str, size: str):
    width, batch = SIZES[size]
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, 10),
    ).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    inputs = torch.randn(8, batch, 28, 28, device=device)
    targets = torch.randint(10, (8, batch), device=device)

    def loss(step: int) -> torch.Tensor:
        return F.cross_entropy(model(inputs[step % 8]), targets[step % 8])

    return model, optimizer, loss
