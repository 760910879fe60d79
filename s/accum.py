
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

for i, x in enumerate(range(30)):
    (model(x).sum() / 4).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if (i + 1) % 4 == 0:
        opt.step()
        opt.zero_grad()
