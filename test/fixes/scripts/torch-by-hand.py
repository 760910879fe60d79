# Needs: torch
import sys

import torch
from torch import nn

scale = float(sys.argv[1])
model = nn.Linear(8, 4)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
rate = 1.0

for inputs in [torch.ones(2, 8)]:
    model.zero_grad()
    loss = scale * model(inputs).sum()
    loss.backward()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter -= rate * parameter.grad

print(torch.cat([p.detach().flatten() for p in model.parameters()]).norm().item())
