"""A curve with three branches by a mixture of Gaussians whose widths it learns: negative log-likelihood, RMSprop."""

import torch
from torch import nn


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 15))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)

    def loss(rows, generator):
        y = 2 * torch.rand(rows, 1, generator=generator) - 1
        x = y + 0.5 * torch.sin(2 * torch.pi * y) + 0.02 * torch.randn(rows, 1, generator=generator)
        share, centre, width = model(x).chunk(3, 1)
        density = torch.distributions.Normal(centre, width.exp())
        return -torch.logsumexp(torch.log_softmax(share, 1) + density.log_prob(y), 1).mean() + 3

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(16, generator), lambda: loss(512, torch.Generator().manual_seed(2))
