"""An agent whose shared network is clipped, and whose separate networks are not."""
import torch
from torch import nn


class Agent:
    def __init__(self, shared, clip=0.5):
        self.shared = shared
        self.clip = clip
        self.body = nn.Linear(4, 4)
        self.actor = nn.Linear(4, 2)
        self.critic = nn.Linear(4, 1)
        if shared:
            self.optimizer = torch.optim.Adam(self.body.parameters())
        else:
            self.actor_optimizer = torch.optim.Adam(self.actor.parameters())
            self.critic_optimizer = torch.optim.Adam(self.critic.parameters())

    def learn(self, states):
        values = self.critic(self.body(states)).mean()
        policy = self.actor(self.body(states)).mean()
        if self.shared:
            self.optimizer.zero_grad()
            (values + policy).backward()
            nn.utils.clip_grad_norm_(self.body.parameters(), self.clip)  # <- inconsistent-clipping
            self.optimizer.step()
        else:
            self.actor_optimizer.zero_grad()
            policy.backward(retain_graph=True)
            self.actor_optimizer.step()  # <- missing-clipping
            self.critic_optimizer.zero_grad()
            values.backward()
            self.critic_optimizer.step()  # <- missing-clipping


for shared in (True, False):
    Agent(shared).learn(torch.ones(3, 4))
