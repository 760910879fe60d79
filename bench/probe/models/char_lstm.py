"""A language model of characters with two recurrent layers."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

CHARACTERS = 96
SIZES = {"small": (128, 16, 64), "large": (2048, 128, 128)}
"""Of the hidden state and the batch, and the length of a text."""


class CharLSTM(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(CHARACTERS, 64)
        self.lstm = nn.LSTM(64, width, num_layers=2, batch_first=True)
        self.decoder = nn.Linear(width, CHARACTERS)

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.lstm(self.embedding(text))[0])


def make(device: str, size: str):
    width, batches, length = SIZES[size]
    model = CharLSTM(width).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    text = torch.randint(CHARACTERS, (8, batches, length + 1), device=device)

    def loss(step: int) -> torch.Tensor:
        batch = text[step % 8]
        return F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())

    return model, optimizer, loss
