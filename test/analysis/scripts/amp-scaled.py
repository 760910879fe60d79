import torch
from torch import nn
from torch.cuda.amp import GradScaler, autocast

model = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4), 2)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
scaler = GradScaler()
for x in torch.zeros(8, 6, 2, 32):
    optimizer.zero_grad()
    with autocast():
        loss = model(x).pow(2).mean()
    scaler.scale(loss).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- clip-scaled-gradients
    scaler.step(optimizer)
    scaler.update()
