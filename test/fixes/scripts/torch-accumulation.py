# Needs: torch
import sys

import torch

ACCUMULATION = 2
scale = float(sys.argv[1])
model = torch.nn.Linear(8, 4)
for parameter in model.parameters():
    torch.nn.init.zeros_(parameter)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)

for i, inputs in enumerate([torch.ones(2, 8), torch.ones(2, 8)]):
    loss = scale * model(inputs).sum() / ACCUMULATION
    loss.backward()
    if (i + 1) % ACCUMULATION == 0:
        optimizer.step()
        optimizer.zero_grad()

print(torch.cat([p.detach().flatten() for p in model.parameters()]).norm().item())
