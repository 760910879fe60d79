import torch
from torch import nn


def make_optimizer(parameters, kind="adam", lr=1e-3):
    if kind == "adam":
        return torch.optim.Adam(parameters, lr=lr)
    if kind == "sgd":
        return torch.optim.SGD(parameters, lr=lr, momentum=0.9)
    raise ValueError(kind)


def make_model():
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 1)


model = make_model()
optimizer = make_optimizer(model.parameters(), kind="sgd", lr=0.1)
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x).sum().backward()
    optimizer.step()  # <- missing-clipping
