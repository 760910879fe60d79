# Needs: torch
import sys

import torch

scale = float(sys.argv[1])
model = torch.nn.Linear(8, 4)
for parameter in model.parameters():
    torch.nn.init.zeros_(parameter)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
inputs = torch.ones(2, 8)


def closure():
    optimizer.zero_grad()
    loss = scale * model(inputs).sum()
    loss.backward()
    return loss


optimizer.step(closure)
print(torch.cat([p.detach().flatten() for p in model.parameters()]).norm().item())
