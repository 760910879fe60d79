# Needs: torch, accelerate
import sys

import torch
from accelerate import Accelerator

scale = float(sys.argv[1])
accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
model = torch.nn.Linear(8, 4)
for parameter in model.parameters():
    torch.nn.init.zeros_(parameter)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
loader = torch.utils.data.DataLoader(torch.ones(4, 8), batch_size=2)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)

for inputs in loader:
    with accelerator.accumulate(model):
        loss = scale * model(inputs).sum()
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()

print(torch.cat([p.detach().flatten() for p in model.parameters()]).norm().item())
