import torch
from torch import nn


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    total = 0.0
    for step, (x, y) in enumerate(loader):
        total += nn.functional.mse_loss(model(x), y).item()
    return total / (step + 1)


class Environment:
    def step(self, action):
        return torch.zeros(4), 1.0, False


env = Environment()
for _ in range(10):
    env.step(0)
evaluate(nn.Linear(4, 4), [(torch.zeros(1, 4), torch.zeros(1, 4))])
