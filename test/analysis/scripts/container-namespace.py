import torch
from torch import nn


class State:
    pass


state = State()
state.model = nn.LSTM(8, 8)
state.optimizer = torch.optim.Adam(state.model.parameters())
for x in torch.zeros(3, 5, 2, 8):
    state.optimizer.zero_grad()
    state.model(x)[0].sum().backward()
    state.optimizer.step()  # <- missing-clipping
