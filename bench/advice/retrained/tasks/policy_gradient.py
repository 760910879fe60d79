"""Walks to a goal on a line of 9 places: REINFORCE without a baseline, SGD. Judged by the steps it needs over the fewest."""

import torch
from torch import nn

PLACES, GOAL, LONGEST = 9, 8, 32


def make(seed):
    torch.manual_seed(seed)
    policy = nn.Sequential(nn.Linear(PLACES, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(policy.parameters(), lr=0.02)
    generator = torch.Generator().manual_seed(1000 + seed)

    def walk(rows, generator):
        at = torch.zeros(rows, dtype=torch.long)
        logs, alive, steps = [], [], torch.zeros(rows)
        for _ in range(LONGEST):
            going = at != GOAL
            distribution = torch.log_softmax(policy(nn.functional.one_hot(at, PLACES).float()), 1)
            move = torch.multinomial(distribution.exp().nan_to_num(0.5), 1, generator=generator).squeeze(1)
            logs.append(distribution.gather(1, move[:, None]).squeeze(1))
            alive.append(going.float())
            steps += going
            at = torch.where(going, (at + 2 * move - 1).clamp(0, GOAL), at)
        return steps, torch.stack(logs), torch.stack(alive)

    def train(step):
        steps, logs, alive = walk(4, generator)
        return ((steps / GOAL) * (logs * alive).sum(0)).mean()

    def evaluate():
        steps, _, _ = walk(64, torch.Generator().manual_seed(2))
        return (steps.mean() - GOAL + 0.5) / GOAL

    return optimizer, train, evaluate
