
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

update = lambda: opt.step()
for x in range(3):
    opt.zero_grad(); model(x).sum().backward(); update()
