import torch
from accelerate import Accelerator
from torch import nn


class Runner:
    def __init__(self, hidden):
        self.accelerator = Accelerator()
        net = nn.LSTM(8, hidden)
        optimizer = torch.optim.Adam(net.parameters())
        self.net, self.optimizer = self.accelerator.prepare(net, optimizer)

    def train_step(self, batch):
        self.optimizer.zero_grad()
        loss = self.net(batch)[0].pow(2).mean()
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.net.parameters(), max_norm=1.0)
        self.optimizer.step()
        return loss


runner = Runner(8)
for x in torch.zeros(3, 5, 2, 8):
    runner.train_step(x)
