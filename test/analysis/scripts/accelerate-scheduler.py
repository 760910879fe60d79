import torch
from accelerate import Accelerator
from torch.optim.lr_scheduler import CosineAnnealingLR

accelerator = Accelerator()
model = torch.nn.MultiheadAttention(8, 2)
optimizer = torch.optim.AdamW(model.parameters())
scheduler = CosineAnnealingLR(optimizer, 100)
model, optimizer, scheduler = accelerator.prepare(model, optimizer, scheduler)
for x in torch.zeros(3, 5, 2, 8):
    accelerator.backward(model(x, x, x)[0].sum())
    accelerator.clip_grad_value_(model.parameters(), 0.1)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
