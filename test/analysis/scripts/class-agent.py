import random
from collections import deque

import gymnasium as gym
import torch
import torch.nn.functional as F
from torch import nn


class Agent:
    def __init__(self, states, actions):
        self.local = nn.Linear(states, actions)
        self.target = nn.Linear(states, actions)
        self.optimizer = torch.optim.Adam(self.local.parameters(), lr=5e-4)
        self.memory = deque(maxlen=10000)
        self.t = 0

    def step(self, state, action, reward, following):
        self.memory.append((state, action, reward, following))
        self.t += 1
        if self.t % 4 == 0 and len(self.memory) > 64:
            self.learn(random.sample(self.memory, 64))

    def learn(self, batch):
        states, actions, rewards, following = zip(*batch)
        expected = torch.stack(rewards) + 0.99 * self.target(torch.stack(following)).max(1)[0]
        actual = self.local(torch.stack(states)).gather(1, torch.stack(actions))
        loss = F.mse_loss(actual, expected)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()  # <- missing-clipping


env = gym.make("CartPole-v1")
agent = Agent(4, 2)
state, _ = env.reset()
for _ in range(1000):
    following, reward, done, _, _ = env.step(0)
    agent.step(state, 0, reward, following)
    state = following
