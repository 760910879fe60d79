import torch
import torch.nn.functional as F
from torch import nn, optim


class Critic:
    def __init__(self, width, limit=0.5):
        self.net = nn.LSTM(width, 1)
        self.optim = optim.Adam(self.net.parameters(), lr=3e-4)
        self.limit = limit

    def learn(self, states, returns):
        for _ in range(4):
            loss = F.mse_loss(self.net(states)[0], returns)
            self.optim.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.net.parameters(), self.limit)
            self.optim.step()


Critic(8).learn(torch.zeros(5, 2, 8), torch.zeros(5, 2, 1))
