"""A small transformer that predicts the next of 256 bytes."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

SIZES = {"small": (96, 4, 4, 8, 64), "large": (512, 8, 8, 24, 512)}
"""Width, heads, layers, batch, and the length of a text."""


class Transformer(nn.Module):
    def __init__(self, width: int, heads: int, layers: int, length: int) -> None:
        super().__init__()
        self.bytes = nn.Embedding(256, width)
        self.places = nn.Embedding(length, width)
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 256)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        hidden = self.bytes(text) + self.places.weight
        return self.head(self.norm(self.layers(hidden, mask=self.mask, is_causal=True)))


def make(device: str, size: str):
    width, heads, layers, batches, length = SIZES[size]
    model = Transformer(width, heads, layers, length).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    text = torch.randint(256, (8, batches, length + 1), device=device)

    def loss(step: int) -> torch.Tensor:
        batch = text[step % 8]
        return F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())

    return model, optimizer, loss
