import torch
from torch import nn


def build(name, parameters):
    match name:
        case "sgd":
            return torch.optim.SGD(parameters, lr=0.1)
        case _:
            return torch.optim.Adam(parameters)


model = nn.LSTM(8, 8)
optimizer = build("sgd", model.parameters())
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    optimizer.step()  # <- missing-clipping
