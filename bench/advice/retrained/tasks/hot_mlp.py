"""Three rings of points: a net of ReLUs, SGD with momentum at a learning rate that is at the edge of what goes."""

import torch
from torch import nn


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)

    def loss(rows, generator):
        ring = torch.randint(3, (rows,), generator=generator)
        angle = 2 * torch.pi * torch.rand(rows, generator=generator)
        radius = 1.0 + ring + 0.3 * torch.randn(rows, generator=generator)
        points = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
        return nn.functional.cross_entropy(model(points), ring)

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(32, generator), lambda: loss(512, torch.Generator().manual_seed(2))
