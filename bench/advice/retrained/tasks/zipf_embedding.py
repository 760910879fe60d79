"""Which words stand together, when few are frequent and most are rare: skip-grams with negative samples, by AdaGrad."""

import torch
from torch import nn

WORDS, WIDTH, TOPICS = 400, 16, 10


def make(seed):
    torch.manual_seed(seed)
    inner, outer = nn.Embedding(WORDS, WIDTH), nn.Embedding(WORDS, WIDTH)
    optimizer = torch.optim.Adagrad([*inner.parameters(), *outer.parameters()], lr=0.3)
    frequency = 1 / torch.arange(1, WORDS + 1, dtype=torch.float32)
    topic = torch.arange(WORDS) % TOPICS

    def loss(rows, generator):
        first = torch.multinomial(frequency, rows, replacement=True, generator=generator)
        second = torch.multinomial(frequency, rows, replacement=True, generator=generator)
        together = (topic[first] == topic[second]).float()
        together = torch.where(torch.rand(rows, generator=generator) < 0.1, 1 - together, together)
        scores = (inner(first) * outer(second)).sum(1)
        return nn.functional.binary_cross_entropy_with_logits(scores, together)

    generator = torch.Generator().manual_seed(1000 + seed)
    return optimizer, lambda step: loss(64, generator), lambda: loss(2048, torch.Generator().manual_seed(2))
