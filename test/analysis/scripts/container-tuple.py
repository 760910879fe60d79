import torch
from torch import nn


def build():
    model = nn.LSTM(8, 8)
    optimizer = torch.optim.Adam(model.parameters())
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    return model, optimizer, scheduler


net, optimizer, scheduler = build()
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    net(x)[0].sum().backward()
    optimizer.step()  # <- missing-clipping
    scheduler.step()
