import torch
import lightning as L
from torch import nn


def train(fabric, epochs):
    model = nn.LSTM(8, 8)
    optimizer = torch.optim.Adam(model.parameters())
    model, optimizer = fabric.setup(model, optimizer)
    for _ in range(epochs):
        for x in torch.zeros(3, 5, 2, 8):
            optimizer.zero_grad()
            fabric.backward(model(x)[0].sum())
            optimizer.step()  # <- missing-clipping


runtime = L.Fabric(devices=1, precision="bf16-mixed")
train(runtime, 2)
