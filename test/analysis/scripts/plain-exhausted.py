import torch
from torch import nn

model = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
trainable = filter(lambda p: p.requires_grad, model.parameters())
optimizer = torch.optim.AdamW(trainable, lr=1e-4)

for x in torch.zeros(10, 4, 8):
    optimizer.zero_grad()
    model(x).sum().backward()
    nn.utils.clip_grad_norm_(trainable, 1.0)  # <- exhausted-parameters
    optimizer.step()
