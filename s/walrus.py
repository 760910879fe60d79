
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

for x in range(3):
    opt.zero_grad(); model(x).sum().backward()
    if (n := torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)) < 100:
        opt.step()
