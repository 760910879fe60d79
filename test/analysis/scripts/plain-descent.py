"""Steps by hand, in the loop and in a function of the script's own."""
import torch
from torch import nn

net = nn.LSTM(8, 8)
rate = 0.5


def descend(tensors, rate, number):
    with torch.no_grad():
        for tensor in tensors:
            tensor -= rate * tensor.grad / number  # <- missing-clipping
            tensor.grad.zero_()


for x in torch.zeros(3, 5, 2, 8):
    net(x)[0].sum().backward()
    descend(list(net.parameters()), rate, 2)

for x in torch.zeros(3, 5, 2, 8):
    net.zero_grad()
    net(x)[0].sum().backward()
    for p in net.parameters():
        p.data.add_(p.grad, alpha=-rate)  # <- missing-clipping
