
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

from functools import partial
clip = partial(torch.nn.utils.clip_grad_norm_, max_norm=1.0)
for x in range(3):
    opt.zero_grad(); model(x).sum().backward()
    clip(model.parameters())
    opt.step()
