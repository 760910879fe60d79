import torch
from torch import nn

model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
scaler = torch.cuda.amp.GradScaler()
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    with torch.cuda.amp.autocast():
        loss = model(x)[0].sum()
    scaler.scale(loss).backward()
    scaler.step(optimizer)  # <- missing-clipping
    scaler.update()
