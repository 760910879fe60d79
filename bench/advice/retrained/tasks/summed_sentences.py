"""Which bracket closes: sentences of 2 to 60 tokens one at a time, the loss summed over a sentence, an LSTM, AdamW."""

import torch
from torch import nn

KINDS, LONGEST = 3, 60


def sentence(generator):
    length = 2 * int(1 + (LONGEST / 2) * float(torch.rand(1, generator=generator)) ** 3)
    tokens, open_ = [], []
    while len(tokens) < length:
        left = length - len(tokens)
        if open_ and (len(open_) >= left or float(torch.rand(1, generator=generator)) < 0.5):
            tokens.append(KINDS + open_.pop())
        else:
            open_.append(int(torch.randint(KINDS, (1,), generator=generator)))
            tokens.append(open_[-1])
    return torch.tensor(tokens)[None]


def make(seed):
    torch.manual_seed(seed)
    embedding, lstm, head = nn.Embedding(2 * KINDS, 16), nn.LSTM(16, 32, batch_first=True), nn.Linear(32, 2 * KINDS)
    optimizer = torch.optim.AdamW([*embedding.parameters(), *lstm.parameters(), *head.parameters()], lr=5e-3)

    def loss(tokens, reduction):
        out, _ = lstm(embedding(tokens[:, :-1]))
        return nn.functional.cross_entropy(head(out)[0], tokens[0, 1:], reduction=reduction)

    generator = torch.Generator().manual_seed(1000 + seed)
    held_out = torch.Generator().manual_seed(2)
    kept = [sentence(held_out) for _ in range(60)]
    return (
        optimizer,
        lambda step: loss(sentence(generator), "sum"),
        lambda: torch.stack([loss(tokens, "mean") for tokens in kept]).mean(),
    )
