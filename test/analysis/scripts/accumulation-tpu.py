import torch
import torch.nn as nn
import torch_xla.core.xla_model as xm


class Learner(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))
        self.optimizer = None
        self.limit = None

    def prepare(self, rate, every, limit, on_tpu):
        self.every = every
        self.limit = limit
        self.on_tpu = on_tpu
        self.optimizer = torch.optim.AdamW(self.parameters(), lr=rate)

    def learn(self, index, x):
        loss = self.layers(x).sum() / self.every
        loss.backward()
        if self.limit is not None:
            nn.utils.clip_grad_norm_(self.parameters(), self.limit)  # <- clip-each-micro-batch
        if (index + 1) % self.every == 0:
            if self.on_tpu:
                xm.optimizer_step(self.optimizer, barrier=True)
            else:
                self.optimizer.step()
            self.zero_grad()

    def epoch(self, loader):
        for index, x in enumerate(loader):
            self.learn(index, x)
