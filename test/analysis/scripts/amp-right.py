import torch
from torch import nn

model = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4), 2)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
scaler = torch.amp.GradScaler("cuda")
for x in torch.zeros(8, 6, 2, 32):
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cuda"):
        loss = model(x).pow(2).mean()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
