"""One batch in fifty arrives with its inputs a hundred times too large: a small net, SGD with momentum. Judged on whole data."""

import torch
from torch import nn


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    centres = 1.2 * torch.randn(4, 12, generator=torch.Generator().manual_seed(3))

    def loss(rows, generator, corrupt=False):
        label = torch.randint(4, (rows,), generator=generator)
        x = centres[label] + 1.5 * torch.randn(rows, 12, generator=generator)
        if corrupt:
            x = 100 * x
        return nn.functional.cross_entropy(model(x), label)

    generator = torch.Generator().manual_seed(1000 + seed)

    def train(step):
        return loss(32, generator, corrupt=bool(torch.rand(1, generator=generator) < 0.02))

    return optimizer, train, lambda: loss(512, torch.Generator().manual_seed(2))
