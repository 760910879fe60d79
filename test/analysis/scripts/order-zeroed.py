"""Gradients that are zeroed between the backward pass and the update: nothing trains."""
import torch
from torch import nn

model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())

for step in range(10):
    loss = model(torch.ones(5, 2, 8))[0].mean()
    loss.backward()
    optimizer.zero_grad()  # <- changed-after-clip
    optimizer.step()
