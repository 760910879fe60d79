
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

import sys
for x in range(3):
    opt.zero_grad()
    model(x).sum().backward()
    match sys.argv[1]:
        case "a":
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        case _:
            pass
    opt.step()
