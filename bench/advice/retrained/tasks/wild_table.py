"""A yes or no from a table whose columns have tails like Student's t with two degrees: logistic loss, a small net, NAdam."""

import torch
from torch import nn

COLUMNS = 10


def table(rows, generator):
    tails = torch.randn(rows, COLUMNS, generator=generator)
    chi = torch.randn(rows, COLUMNS, 2, generator=generator).square().mean(2)
    x = tails / chi.sqrt()
    score = torch.tanh(x[:, 0]) - torch.tanh(x[:, 1] * x[:, 2]) + torch.tanh(x[:, 3])
    return x, (score + 0.3 * torch.randn(rows, generator=generator) > 0).float()


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(COLUMNS, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
    optimizer = torch.optim.NAdam(model.parameters(), lr=5e-3)

    def loss(rows, generator):
        x, y = table(rows, generator)
        return nn.functional.binary_cross_entropy_with_logits(model(x).squeeze(1), y)

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(16, generator), lambda: loss(2048, torch.Generator().manual_seed(2))
