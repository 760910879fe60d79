"""Reverses a word of eight letters: an encoder and a decoder of GRUs, Adam."""

import torch
from torch import nn

LETTERS, LENGTH, WIDTH = 10, 8, 48


def make(seed):
    torch.manual_seed(seed)
    embed = nn.Embedding(LETTERS + 1, 16)
    encoder, decoder = nn.GRU(16, WIDTH, batch_first=True), nn.GRU(16, WIDTH, batch_first=True)
    head = nn.Linear(WIDTH, LETTERS)
    modules = nn.ModuleList([embed, encoder, decoder, head])
    optimizer = torch.optim.Adam(modules.parameters(), lr=5e-3)

    def loss(rows, generator):
        word = torch.randint(LETTERS, (rows, LENGTH), generator=generator)
        target = word.flip(1)
        _, state = encoder(embed(word))
        start = torch.full((rows, 1), LETTERS)
        hidden, _ = decoder(embed(torch.cat([start, target[:, :-1]], 1)), state)
        return nn.functional.cross_entropy(head(hidden).flatten(0, 1), target.flatten())

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(32, generator), lambda: loss(256, torch.Generator().manual_seed(2))
