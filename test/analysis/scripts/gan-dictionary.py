import torch
from torch import nn

nets = {"g": nn.Linear(16, 8), "d": nn.Linear(8, 1)}
optimizers = {}
optimizers["g"] = torch.optim.Adam(nets["g"].parameters())
optimizers["d"] = torch.optim.Adam(nets["d"].parameters())
for real in torch.zeros(5, 4, 8):
    optimizers["d"].zero_grad()
    nets["d"](real).mean().backward()
    optimizers["d"].step()  # <- missing-clipping
    optimizers["g"].zero_grad()
    (-nets["d"](nets["g"](torch.randn(4, 16))).mean()).backward()
    optimizers["g"].step()  # <- missing-clipping
