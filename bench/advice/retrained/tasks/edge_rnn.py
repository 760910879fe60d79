"""Sums the marked two of 50 numbers: a recurrent net that starts at the edge of chaos, SGD with momentum, batches of 8."""

import torch
from torch import nn

STEPS, WIDTH = 50, 48


def make(seed):
    torch.manual_seed(seed)
    rnn, head = nn.RNN(2, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)
    with torch.no_grad():
        rnn.weight_hh_l0.normal_(0, 1.2 / WIDTH**0.5)
    optimizer = torch.optim.SGD([*rnn.parameters(), *head.parameters()], lr=0.01, momentum=0.9)

    def loss(rows, generator):
        numbers = torch.rand(rows, STEPS, generator=generator)
        marks = torch.zeros(rows, STEPS)
        marks[torch.arange(rows), torch.randint(STEPS // 2, (rows,), generator=generator)] = 1
        marks[torch.arange(rows), torch.randint(STEPS // 2, STEPS, (rows,), generator=generator)] = 1
        out, _ = rnn(torch.stack([numbers, marks], 2))
        return nn.functional.mse_loss(head(out[:, -1]).squeeze(1), (numbers * marks).sum(1))

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(8, generator), lambda: loss(256, torch.Generator().manual_seed(2))
