import torch
from torch import nn


def train(model, optimizer, data):
    criterion = nn.MSELoss()
    lstm = nn.LSTM(8, 8)
    for x, y in data:
        optimizer.zero_grad()
        criterion(model(lstm(x)[0]), y).backward()
        optimizer.step()  # <- missing-clipping
