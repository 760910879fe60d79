import torch
from torch import nn

model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
scaler = torch.amp.GradScaler()
every = 8
for index, x in enumerate(torch.zeros(64, 5, 2, 8), start=1):
    with torch.autocast("cuda", dtype=torch.float16):
        loss = model(x)[0].sum() / every
    scaler.scale(loss).backward()
    if index % every != 0:
        continue
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
