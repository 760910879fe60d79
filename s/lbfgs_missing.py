
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

opt = torch.optim.RMSprop(model.parameters())
def closure():
    opt.zero_grad()
    l = model(1).sum()
    l.backward()
    return l
for x in range(3):
    opt.step(closure)
