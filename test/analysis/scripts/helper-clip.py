import torch
from torch import nn


def limit_gradients(module, threshold):
    if threshold:
        return nn.utils.clip_grad_norm_(module.parameters(), threshold)
    return None


model = nn.GRU(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    limit_gradients(model, 10.0)
    optimizer.step()
