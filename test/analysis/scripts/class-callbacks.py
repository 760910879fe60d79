import torch
from torch import nn


class Loop:
    def __init__(self, model, optimizer, hooks=()):
        self.model, self.optimizer, self.hooks = model, optimizer, hooks

    def __call__(self, data):
        for x in data:
            self.optimizer.zero_grad()
            self.model(x)[0].sum().backward()
            for hook in self.hooks:
                hook(self.model)
            self.optimizer.step()


def shrink(module):
    nn.utils.clip_grad_norm_(module.parameters(), 1.0)


lstm = nn.LSTM(8, 8)
Loop(lstm, torch.optim.Adam(lstm.parameters()), hooks=[shrink])(torch.zeros(3, 5, 2, 8))
