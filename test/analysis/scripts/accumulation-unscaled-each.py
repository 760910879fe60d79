"""Mixed precision whose gradients are unscaled at every batch, though the step waits for two."""
import torch
from torch import nn

model = nn.LSTM(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cuda")

for index, batch in enumerate(torch.ones(8, 5, 2, 8)):
    with torch.autocast("cuda"):
        loss = model(batch)[0].mean()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)  # <- repeated-unscale
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if (index + 1) % 2 == 0:
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
