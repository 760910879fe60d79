
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

opt = torch.optim.Adam([{"params": model.parameters()}, {"params": nn.Linear(3, 3).parameters()}])
for x in range(3):
    opt.zero_grad()
    model(x).sum().backward()
    for g in opt.param_groups:
        torch.nn.utils.clip_grad_norm_(g["params"], 1.0)
    opt.step()
