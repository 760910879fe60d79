"""The next of forty words, most of them rare, in made-up text: an LSTM at a hot learning rate, Adam."""

import torch
from torch import nn

WORDS, LENGTH = 40, 24


def text(rows, generator):
    """Each word decides between two rows of a table of followers; small numbers are frequent."""
    table = torch.Generator().manual_seed(5)
    followers = (WORDS * torch.rand(WORDS, 4, generator=table) ** 2).long()
    words = torch.zeros(rows, LENGTH, dtype=torch.long)
    words[:, 0] = torch.randint(WORDS, (rows,), generator=generator)
    for i in range(1, LENGTH):
        choice = (4 * torch.rand(rows, generator=generator) ** 2).long()
        words[:, i] = followers[words[:, i - 1], choice]
    return words


def make(seed):
    torch.manual_seed(seed)
    embed, lstm, head = nn.Embedding(WORDS, 24), nn.LSTM(24, 48, batch_first=True), nn.Linear(48, WORDS)
    parameters = [*embed.parameters(), *lstm.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=2e-2)

    def loss(words):
        out, _ = lstm(embed(words[:, :-1]))
        return nn.functional.cross_entropy(head(out).flatten(0, 1), words[:, 1:].flatten())

    generator = torch.Generator().manual_seed(1000 + seed)
    kept = text(128, torch.Generator().manual_seed(2))
    return optimizer, lambda step: loss(text(8, generator)), lambda: loss(kept)
