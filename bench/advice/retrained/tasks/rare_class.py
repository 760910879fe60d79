"""One positive in two hundred, weighted up by as much: a small net, SGD with momentum, batches of 32. Judged on equal shares."""

import torch
from torch import nn

RARITY = 200


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    weight = torch.tensor([float(RARITY)])

    def loss(rows, generator, share):
        label = (torch.rand(rows, 1, generator=generator) < share).float()
        x = torch.randn(rows, 10, generator=generator)
        x[:, :3] += label * torch.tensor([1.5, -1.0, 1.0])
        x[:, 3:4] *= 1 + label
        return nn.functional.binary_cross_entropy_with_logits(model(x), label, pos_weight=weight if share < 0.5 else None)

    generator = torch.Generator().manual_seed(1000 + seed)
    return (
        optimizer,
        lambda step: loss(32, generator, 1 / RARITY),
        lambda: loss(1024, torch.Generator().manual_seed(2), 0.5),
    )
