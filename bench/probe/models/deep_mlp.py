"""Many small layers: three hundred tensors, each of which a loop over the parameters has to ask for its norm."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

SIZES = {"small": (192, 150, 256), "large": (512, 150, 4096)}
"""Width and number of the layers, and of the batch."""


def make(device: str, size: str):
    width, depth, batch = SIZES[size]

    class Layer(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return input + F.relu(super().forward(input)) / depth

    model = nn.Sequential(*(Layer(width, width) for _ in range(depth))).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    inputs = torch.randn(8, batch, width, device=device)
    targets = torch.randint(width, (8, batch), device=device)

    def loss(step: int) -> torch.Tensor:
        return F.cross_entropy(model(inputs[step % 8]), targets[step % 8])

    return model, optimizer, loss
