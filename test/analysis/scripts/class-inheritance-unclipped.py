import torch
from torch import nn


class Base:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters())

    def update(self, loss):
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()  # <- missing-clipping


class Special(Base):
    def fit(self, data):
        for x in data:
            self.update(self.model(x)[0].mean())


Special(nn.LSTM(8, 8)).fit(torch.zeros(3, 5, 2, 8))
