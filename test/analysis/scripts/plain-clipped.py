"""A plain loop that clips."""
import torch
from torch import nn

model = nn.LSTM(16, 32)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
loader = [(torch.zeros(4, 2, 16), torch.zeros(4, 2, 32))]

for epoch in range(3):
    for inputs, targets in loader:
        optimizer.zero_grad()
        outputs, _ = model(inputs)
        loss = nn.functional.mse_loss(outputs, targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
