"""A small transformer that predicts the next of 256 bytes."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

LENGTH = 64


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bytes = nn.Embedding(256, 96)
        self.places = nn.Embedding(LENGTH, 96)
        layer = nn.TransformerEncoderLayer(96, 4, 384, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(96)
        self.head = nn.Linear(96, 256)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(LENGTH))

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        hidden = self.bytes(text) + self.places.weight
        return self.head(self.norm(self.layers(hidden, mask=self.mask, is_causal=True)))


def make(device: str):
    model = Transformer().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    text = torch.randint(256, (8, 8, LENGTH + 1), device=device)

    def loss(step: int) -> torch.Tensor:
        batch = text[step % 8]
        return F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())

    return model, optimizer, loss
