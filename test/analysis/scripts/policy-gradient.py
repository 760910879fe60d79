import gymnasium
import torch
from torch import nn
from torch.distributions import Categorical

policy = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
game = gymnasium.make("CartPole-v1")
for episode in range(500):
    state, _ = game.reset()
    log_probs, rewards, done = [], [], False
    while not done:
        choice = Categorical(logits=policy(torch.as_tensor(state)))
        action = choice.sample()
        state, reward, ended, cut, _ = game.step(action.item())
        done = ended or cut
        log_probs.append(choice.log_prob(action))
        rewards.append(reward)
    optimizer.zero_grad()
    loss = -torch.stack(log_probs).sum() * sum(rewards)
    loss.backward()
    nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
    optimizer.step()
