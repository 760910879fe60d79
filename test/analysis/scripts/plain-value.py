import torch
from torch.nn.utils import clip_grad_value_

model = torch.nn.RNN(4, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for x in torch.zeros(3, 5, 2, 4):
    out, _ = model(x)
    optimizer.zero_grad()
    out.sum().backward()
    clip_grad_value_(model.parameters(), 0.5)
    optimizer.step()
