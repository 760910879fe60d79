
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

opts = {"a": opt, "b": torch.optim.SGD(nn.RNN(3, 3).parameters(), lr=.1)}
for x in range(3):
    for o in opts.values():
        o.zero_grad()
    model(x).sum().backward()
    for o in opts.values():
        o.step()
