import torch
from torch import nn

model = nn.ModuleList([nn.LSTM(8, 8), nn.LSTM(8, 8)])
optimizers = []
for part in model:
    optimizers.append(torch.optim.SGD(part.parameters(), lr=0.1))
for x in torch.zeros(3, 5, 2, 8):
    for optimizer in optimizers:
        optimizer.zero_grad()
    model[1](model[0](x)[0])[0].sum().backward()
    for optimizer in optimizers:
        optimizer.step()  # <- missing-clipping
