"""A curve through targets with heavy-tailed noise: squared error, Adam; judged without the noise."""

import torch
from torch import nn


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(1000 + seed)

    def train(step):
        x = 6 * torch.rand(32, 1, generator=generator) - 3
        noise = torch.empty(32, 1).cauchy_(0, 0.1, generator=generator)
        return nn.functional.mse_loss(model(x), torch.sin(2 * x) + noise)

    x = torch.linspace(-3, 3, 200)[:, None]
    return optimizer, train, lambda: nn.functional.mse_loss(model(x), torch.sin(2 * x))
