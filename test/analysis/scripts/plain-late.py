import torch
import torch.nn as nn

model = nn.LSTM(4, 8)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)

for x in torch.zeros(3, 5, 2, 4):
    optimizer.zero_grad()
    model(x)[0].mean().backward()
    optimizer.step()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)  # <- clip-after-step
