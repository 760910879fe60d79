# Needs: torch, lightning
import sys

import torch
from lightning.fabric import Fabric

scale = float(sys.argv[1])
fabric = Fabric(accelerator="cpu", devices=1)
model = torch.nn.Linear(8, 4)
for parameter in model.parameters():
    torch.nn.init.zeros_(parameter)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
model, optimizer = fabric.setup(model, optimizer)

for inputs in [torch.ones(2, 8)]:
    optimizer.zero_grad()
    fabric.backward(scale * model(inputs).sum())
    optimizer.step()

print(torch.cat([p.detach().flatten() for p in model.parameters()]).norm().item())
