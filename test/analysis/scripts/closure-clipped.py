import torch
from torch import nn

model = nn.LSTM(1, 8)
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.8, max_iter=10)
x = torch.zeros(20, 1, 1)


def evaluate_loss():
    optimizer.zero_grad()
    loss = model(x)[0].pow(2).mean()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    return loss


for _ in range(15):
    optimizer.step(evaluate_loss)
