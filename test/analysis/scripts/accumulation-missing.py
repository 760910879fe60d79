import torch
from torch import nn

STEPS = 4
model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for index, x in enumerate(torch.zeros(12, 5, 2, 8)):
    loss = model(x)[0].sum() / STEPS
    loss.backward()
    if (index + 1) % STEPS == 0:
        optimizer.step()  # <- missing-clipping
        optimizer.zero_grad()
