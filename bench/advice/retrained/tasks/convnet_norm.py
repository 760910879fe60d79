"""Bars and crosses in noise: a small convolutional net with batch norm, SGD with momentum."""

import torch
from torch import nn


def make(seed):
    torch.manual_seed(seed)

    def block(channels, out):
        return nn.Sequential(nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU(), nn.MaxPool2d(2))

    model = nn.Sequential(block(1, 8), block(8, 16), nn.Flatten(), nn.Linear(16 * 9, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)

    def loss(rows, generator):
        labels = torch.randint(4, (rows,), generator=generator)
        images = 1.5 * torch.randn(rows, 1, 12, 12, generator=generator)
        at = torch.randint(2, 10, (rows,), generator=generator)
        for i in range(rows):
            if labels[i] in (0, 2):
                images[i, 0, at[i]] += 1.5
            if labels[i] in (1, 2):
                images[i, 0, :, at[i]] += 1.5
        return nn.functional.cross_entropy(model(images), labels)

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(32, generator), lambda: loss(256, torch.Generator().manual_seed(2))
