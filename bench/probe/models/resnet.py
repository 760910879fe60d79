"""A residual network of 14 layers on images of 32 × 32."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

SIZES = {"small": (16, 8), "large": (64, 512)}
"""Channels at first, and the batch."""


class Block(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = 1 if before == after else 2
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.short = nn.Identity() if before == after else nn.Conv2d(before, after, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(hidden)) + self.short(x))


def make(device: str, size: str):
    width, batch = SIZES[size]
    model = nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *(Block(width * before, width * after) for before, after in [(1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4)]),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4 * width, 10),
    ).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    images = torch.randn(8, batch, 3, 32, 32, device=device)
    targets = torch.randint(10, (8, batch), device=device)

    def loss(step: int) -> torch.Tensor:
        return F.cross_entropy(model(images[step % 8]), targets[step % 8])

    return model, optimizer, loss
