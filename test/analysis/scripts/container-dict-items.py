import torch
from torch import nn

nets = {"actor": nn.LSTM(8, 8), "critic": nn.LSTM(8, 8)}
optimizers = {name: torch.optim.Adam(net.parameters()) for name, net in nets.items()}
for x in torch.zeros(3, 5, 2, 8):
    for name, net in nets.items():
        optimizers[name].zero_grad()
        net(x)[0].sum().backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimizers[name].step()
