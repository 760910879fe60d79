import torch
from monai.optimizers import Novograd
from torch import nn
from torch_xla.core import xla_model as xm

device = xm.xla_device()
model = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1)).to(device)
optimizer = Novograd(model.parameters(), lr=1e-3)

for x in torch.zeros(10, 4, 8):
    optimizer.zero_grad()
    model(x.to(device)).sum().backward()
    xm.optimizer_step(optimizer)  # <- missing-clipping
    xm.mark_step()
