import functools

import torch
from torch import nn

build = functools.partial(torch.optim.AdamW, lr=1e-4, weight_decay=0.1)
model = nn.LSTM(8, 8)
optimizer = build(model.parameters())
clip = functools.partial(nn.utils.clip_grad_norm_, max_norm=1.0)
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    clip(model.parameters())
    optimizer.step()
