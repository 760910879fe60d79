
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

mode = "norm"
for x in range(3):
    opt.zero_grad(); model(x).sum().backward()
    getattr(torch.nn.utils, "clip_grad_%s_" % mode)(model.parameters(), 1.0)
    opt.step()
