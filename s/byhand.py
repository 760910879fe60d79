
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

for x in range(3):
    opt.zero_grad(); model(x).sum().backward()
    total = torch.sqrt(sum((q.grad ** 2).sum() for q in model.parameters()))
    scale = (1.0 / (total + 1e-6)).clamp(max=1)
    for q in model.parameters():
        q.grad.mul_(scale)
    opt.step()
