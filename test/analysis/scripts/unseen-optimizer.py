"""The optimizer's class can't be seen, but it is used as one."""
import torch
from torch import nn

from settings import choose

model = nn.LSTM(8, 8)
optimizer = choose(model)
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    optimizer.step()  # <- missing-clipping
