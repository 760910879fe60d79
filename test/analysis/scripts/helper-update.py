import torch
from torch import nn


def apply_gradients(optimizer, parameters, limit=1.0):
    nn.utils.clip_grad_norm_(parameters, limit)
    optimizer.step()
    optimizer.zero_grad()


def run():
    model = nn.LSTM(8, 8)
    optimizer = torch.optim.Adam(model.parameters())
    for x in torch.zeros(3, 5, 2, 8):
        model(x)[0].sum().backward()
        apply_gradients(optimizer, model.parameters())


run()
