import torch
from torch import nn


class Holder:
    def __init__(self):
        self._net = nn.LSTM(8, 8)
        self._optimizer = torch.optim.Adam(self._net.parameters())

    @property
    def optimizer(self):
        return self._optimizer

    @property
    def net(self):
        return self._net


holder = Holder()
for x in torch.zeros(3, 5, 2, 8):
    holder.optimizer.zero_grad()
    holder.net(x)[0].sum().backward()
    holder.optimizer.step()  # <- missing-clipping
