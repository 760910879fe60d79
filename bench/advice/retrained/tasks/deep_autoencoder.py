"""Eight numbers through a waist of three, eight layers of sigmoids deep: SGD with momentum, where gradients vanish."""

import torch
from torch import nn


def make(seed):
    torch.manual_seed(seed)
    widths = [16, 16, 12, 8, 3, 8, 12, 16, 16]
    layers = [part for a, b in zip(widths, widths[1:]) for part in (nn.Linear(a, b), nn.Sigmoid())][:-1]
    model = nn.Sequential(*layers)
    for layer in layers[::2]:
        nn.init.xavier_normal_(layer.weight, gain=4.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    mix = torch.randn(3, 16, generator=torch.Generator().manual_seed(1))

    def loss(rows, generator):
        data = torch.tanh(torch.randn(rows, 3, generator=generator) @ mix)
        return nn.functional.mse_loss(model(data), data)

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(32, generator), lambda: loss(256, torch.Generator().manual_seed(2))
