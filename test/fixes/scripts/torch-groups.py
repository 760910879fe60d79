# Needs: torch
import sys

import torch


class Trainer:
    def __init__(self, encoder, head):
        self.encoder = encoder
        self.head = head
        self.opt = torch.optim.SGD(
            [{"params": encoder.parameters(), "lr": 1.0}, {"params": head.parameters(), "lr": 1.0}], lr=0.1
        )

    def train(self, inputs, scale):
        self.opt.zero_grad()
        loss = scale * (self.encoder(inputs).sum() + self.head(inputs).sum())
        self._update(loss)

    def _update(self, loss):
        loss.backward()
        self.opt.step()


networks = [torch.nn.Linear(8, 4), torch.nn.Linear(8, 2)]
for network in networks:
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
Trainer(*networks).train(torch.ones(2, 8), float(sys.argv[1]))
print(torch.cat([p.detach().flatten() for network in networks for p in network.parameters()]).norm().item())
