
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

s = torch.amp.GradScaler("cuda")
for x in range(3):
    opt.zero_grad()
    with torch.autocast("cuda"):
        loss = model(x).sum()
    s.scale(loss).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    s.step(opt)
    s.update()
