import torch
from torch import nn

model = nn.LSTM(8, 8)
optimizer = getattr(torch.optim, "Adam")(model.parameters())
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    optimizer.step()  # <- missing-clipping
