
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

D = nn.LSTM(3, 3); od = torch.optim.Adam(D.parameters())
for x in range(3):
    od.zero_grad(); D(x).sum().backward()
    od.step()
    opt.zero_grad(); model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
