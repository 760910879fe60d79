"""A clip that stands where the gradients are still those of the last step."""
import torch
from torch import nn


def run_epoch(network, batches, criterion, optimizer=None):
    network.train(optimizer is not None)
    total = 0.0
    for inputs, targets in batches:
        if optimizer:
            optimizer.zero_grad()
        loss = criterion(network(inputs)[0], targets)
        total += loss.item()
        if optimizer:
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)  # <- clip-before-backward
            loss.backward()
            optimizer.step()
    return total


network = nn.GRU(8, 8)
adam = torch.optim.Adam(network.parameters())
batches = [(torch.zeros(5, 2, 8), torch.zeros(5, 2, 8))]
for epoch in range(3):
    print(run_epoch(network, batches, nn.MSELoss(), adam))
