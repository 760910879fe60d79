import torch
from torch import nn

model = nn.RNN(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    for p in model.parameters():
        p.grad.data.clamp_(-1, 1)
    optimizer.step()
