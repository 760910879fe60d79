import math

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

model = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4), 2)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, betas=(0.9, 0.98))
schedule = LambdaLR(optimizer, lambda step: min((step + 1) ** -0.5, (step + 1) * 400**-1.5))
for x in torch.zeros(8, 6, 2, 32):
    optimizer.zero_grad()
    loss = model(x).pow(2).mean()
    loss.backward()
    optimizer.step()  # <- missing-clipping
    schedule.step()
    print(math.log(loss.item() + 1e-9))
