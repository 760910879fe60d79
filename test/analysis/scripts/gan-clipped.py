import torch
from torch import nn

net_g = nn.Linear(16, 8)
net_d = nn.Linear(8, 1)
opt_g = torch.optim.Adam(net_g.parameters(), lr=2e-4)
opt_d = torch.optim.Adam(net_d.parameters(), lr=2e-4)
for real in torch.zeros(5, 4, 8):
    fake = net_g(torch.randn(4, 16))
    opt_d.zero_grad()
    (net_d(fake.detach()).mean() - net_d(real).mean()).backward()
    nn.utils.clip_grad_norm_(net_d.parameters(), 1.0)
    opt_d.step()
    opt_g.zero_grad()
    (-net_d(fake).mean()).backward()
    nn.utils.clip_grad_norm_(net_g.parameters(), 1.0)
    opt_g.step()
