import torch
from torch import nn

generator = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 8))
critic = nn.Sequential(nn.Linear(8, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.999))
for real in torch.zeros(5, 4, 8):
    noise = torch.randn(4, 16)
    fake = generator(noise)
    optimizer_d.zero_grad()
    loss_d = critic(fake.detach()).mean() - critic(real).mean()
    loss_d.backward()
    optimizer_d.step()  # <- missing-clipping
    optimizer_g.zero_grad()
    loss_g = -critic(fake).mean()
    loss_g.backward()
    optimizer_g.step()  # <- missing-clipping
