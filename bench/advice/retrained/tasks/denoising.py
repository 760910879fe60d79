"""Takes the noise, at ten levels, off points on a spiral: the objective of diffusion, AdamW."""

import torch
from torch import nn

LEVELS = 10


def spiral(rows, generator):
    angle = 9 * torch.rand(rows, generator=generator).sqrt()
    return torch.stack([angle * torch.cos(angle), angle * torch.sin(angle)], 1) / 5


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)

    def loss(rows, generator):
        level = torch.randint(1, LEVELS + 1, (rows, 1), generator=generator) / LEVELS
        noise = torch.randn(rows, 2, generator=generator)
        seen = (1 - level) * spiral(rows, generator) + level * noise
        return nn.functional.mse_loss(model(torch.cat([seen, level], 1)), noise)

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(64, generator), lambda: loss(1024, torch.Generator().manual_seed(2))
