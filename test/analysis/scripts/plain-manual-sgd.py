"""Updates by hand, clipped as the word language model does."""
import torch
from torch import nn

model = nn.LSTM(8, 8)
lr = 20
for x in torch.zeros(3, 5, 2, 8):
    model.zero_grad()
    model(x)[0].sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
    for p in model.parameters():
        p.data.add_(p.grad, alpha=-lr)
