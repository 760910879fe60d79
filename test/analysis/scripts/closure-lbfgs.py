import torch
from torch import nn

model = nn.LSTM(1, 8)
head = nn.Linear(8, 1)
optimizer = torch.optim.LBFGS([*model.parameters(), *head.parameters()], lr=0.8)
x = torch.zeros(20, 1, 1)
for _ in range(15):

    def closure():
        optimizer.zero_grad()
        loss = head(model(x)[0]).pow(2).mean()
        loss.backward()
        return loss

    optimizer.step(closure)  # <- missing-clipping
