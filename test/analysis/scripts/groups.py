"""Parameter groups: clipped each by itself, by the first alone, and all together."""
import torch
from torch import nn

body, head = nn.LSTM(8, 8), nn.Linear(8, 2)
optimizer = torch.optim.AdamW([{"params": body.parameters()}, {"params": head.parameters(), "lr": 0.01}])

for step, batch in enumerate(torch.ones(3, 5, 2, 8)):
    optimizer.zero_grad()
    head(body(batch)[0]).mean().backward()
    if step == 0:
        for group in optimizer.param_groups:
            nn.utils.clip_grad_norm_(group["params"], 1.0)  # <- clip-per-group
    elif step == 1:
        nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 1.0)  # <- clip-per-group
    else:
        nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 1.0)
    optimizer.step()
