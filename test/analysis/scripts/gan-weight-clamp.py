"""WGAN: the weights are clamped, which is no clipping of gradients."""
import torch
from torch import nn

generator = nn.Linear(16, 8)
critic = nn.Linear(8, 1)
optimizer_g = torch.optim.RMSprop(generator.parameters(), lr=5e-5)
optimizer_d = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
for index, real in enumerate(torch.zeros(5, 4, 8)):
    optimizer_d.zero_grad()
    fake = generator(torch.randn(4, 16)).detach()
    loss = critic(fake).mean() - critic(real).mean()
    loss.backward()
    optimizer_d.step()  # <- missing-clipping
    for weight in critic.parameters():
        weight.data.clamp_(-0.01, 0.01)
    if index % 5 == 0:
        optimizer_g.zero_grad()
        (-critic(generator(torch.randn(4, 16))).mean()).backward()
        optimizer_g.step()  # <- missing-clipping
