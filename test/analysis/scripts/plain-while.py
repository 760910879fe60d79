import torch
from torch import nn

network = nn.Transformer(16, 2)
optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
step, best = 0, float("inf")
while step < 100:
    source = torch.rand(5, 2, 16)
    loss = (network(source, source) - source).pow(2).mean()
    if not torch.isfinite(loss):
        break
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    total = nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    if total > 100:
        continue
    optimizer.step()
    step += 1
    best = min(best, loss.item())
