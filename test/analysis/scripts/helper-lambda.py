import torch
from torch import nn

model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
clip = lambda limit: nn.utils.clip_grad_norm_(model.parameters(), limit)
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    clip(0.5)
    optimizer.step()
