# Needs: torch
import sys

import torch

scale = float(sys.argv[1])
model = torch.nn.Linear(8, 4)
for parameter in model.parameters():
    torch.nn.init.zeros_(parameter)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
scaler = torch.amp.GradScaler("cpu")

for inputs in [torch.ones(2, 8)]:
    optimizer.zero_grad(set_to_none=True)
    loss = scale * model(inputs).sum()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()

print(torch.cat([p.detach().flatten() for p in model.parameters()]).norm().item())
