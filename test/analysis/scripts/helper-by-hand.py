import torch
from torch import nn


def rescale(parameters, largest):
    present = [p for p in parameters if p.grad is not None]
    norm = torch.stack([p.grad.norm() for p in present]).norm()
    if norm > largest:
        for p in present:
            p.grad.mul_(largest / norm)


model = nn.GRU(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    rescale(model.parameters(), 1.0)
    optimizer.step()
