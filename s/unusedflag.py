
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

import argparse
ap = argparse.ArgumentParser()
ap.add_argument("--clip", type=float, default=1.0)
args = ap.parse_args()
for x in range(3):
    opt.zero_grad()
    model(x).sum().backward()
    opt.step()
