import torch
from torch import nn


def optimise(loss, solver):
    solver.zero_grad()
    loss.backward()
    solver.step()  # <- missing-clipping


rnn = nn.RNN(8, 8)
solver = torch.optim.SGD(rnn.parameters(), lr=0.1)
for x in torch.zeros(3, 5, 2, 8):
    optimise(rnn(x)[0].sum(), solver)
