"""Two noisy views of a point are to be found again among others: InfoNCE at a low temperature, AdamW."""

import torch
from torch import nn


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    mix = torch.randn(6, 20, generator=torch.Generator().manual_seed(1))

    def loss(rows, generator):
        points = torch.randn(rows, 6, generator=generator) @ mix
        views = [points + 0.7 * torch.randn(rows, 20, generator=generator) for _ in range(2)]
        first, second = (nn.functional.normalize(model(view), dim=1) for view in views)
        return nn.functional.cross_entropy(first @ second.T / 0.05, torch.arange(rows))

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(32, generator), lambda: loss(128, torch.Generator().manual_seed(2))
