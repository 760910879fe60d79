"""Binary pictures of two bars: a variational autoencoder, Adam."""

import torch
from torch import nn

SIZE = 36


def make(seed):
    torch.manual_seed(seed)
    encoder = nn.Sequential(nn.Linear(SIZE, 48), nn.ReLU(), nn.Linear(48, 8))
    decoder = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, SIZE))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=3e-3)

    def loss(rows, generator):
        pictures = torch.zeros(rows, 6, 6)
        every = torch.arange(rows)
        pictures[every, torch.randint(6, (rows,), generator=generator)] = 1
        pictures[every, :, torch.randint(6, (rows,), generator=generator)] = 1
        flat = pictures.flatten(1)
        mean, spread = encoder(flat).chunk(2, 1)
        code = mean + torch.exp(spread / 2) * torch.randn(rows, 4, generator=generator)
        told = nn.functional.binary_cross_entropy_with_logits(decoder(code), flat, reduction="none").sum(1)
        return (told + 0.5 * (mean.square() + spread.exp() - spread - 1).sum(1)).mean()

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(32, generator), lambda: loss(256, torch.Generator().manual_seed(2))
