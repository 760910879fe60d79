"""Accumulation with a guard that leaves early, and batches that are left out: all in order."""
import torch
from torch import nn

model = nn.LSTM(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cuda")

for index, batch in enumerate(torch.ones(8, 5, 2, 8)):
    loss = model(batch)[0].mean()
    if not torch.isfinite(loss):
        optimizer.zero_grad()
        continue
    scaler.scale(loss).backward()
    if (index + 1) % 2:
        continue
    scaler.unscale_(optimizer)
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if norm > 100:
        optimizer.zero_grad()
        scaler.update()
        continue
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
