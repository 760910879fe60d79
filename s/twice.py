
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

s = torch.amp.GradScaler("cuda")
for x in range(3):
    opt.zero_grad()
    s.scale(model(x).sum()).backward()
    s.unscale_(opt)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    s.unscale_(opt)
    s.step(opt)
    s.update()
