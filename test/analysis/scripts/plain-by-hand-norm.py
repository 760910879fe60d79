import torch
from torch import nn

model = nn.RNN(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
LIMIT = 2.0
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    total = torch.sqrt(sum((p.grad**2).sum() for p in model.parameters()))
    scale = min(1.0, LIMIT / (total + 1e-6))
    for p in model.parameters():
        p.grad.mul_(scale)
    optimizer.step()
