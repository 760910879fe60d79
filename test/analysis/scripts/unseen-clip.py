"""What clips is in a module that can't be seen."""
import torch
from torch import nn

from training import clip_gradients

model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    clip_gradients(model)
    optimizer.step()
