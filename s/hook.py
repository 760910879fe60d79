
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

for q in model.parameters():
    q.register_hook(lambda g: torch.clamp(g, -1, 1))
for x in range(3):
    opt.zero_grad(); model(x).sum().backward(); opt.step()
