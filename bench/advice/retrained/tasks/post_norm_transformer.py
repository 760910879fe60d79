"""A language model of Markov text: a transformer that normalises after its sums, at a learning rate without warm-up."""

import torch
from torch import nn

VOCABULARY, LENGTH, WIDTH = 24, 24, 32


def make(seed):
    torch.manual_seed(seed)
    follows = torch.softmax(2.5 * torch.randn(VOCABULARY, VOCABULARY, generator=torch.Generator().manual_seed(1)), 1)
    embed = nn.Embedding(VOCABULARY, WIDTH)
    place = nn.Parameter(0.02 * torch.randn(LENGTH, WIDTH))
    layers = nn.ModuleList(nn.TransformerEncoderLayer(WIDTH, 2, 64, dropout=0.0, batch_first=True) for _ in range(3))
    head = nn.Linear(WIDTH, VOCABULARY)
    mask = nn.Transformer.generate_square_subsequent_mask(LENGTH)
    parameters = [place, *embed.parameters(), *layers.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=3e-3)

    def text(rows, generator):
        tokens = [torch.randint(VOCABULARY, (rows,), generator=generator)]
        for _ in range(LENGTH):
            tokens.append(torch.multinomial(follows[tokens[-1]], 1, generator=generator).squeeze(1))
        return torch.stack(tokens, 1)

    def loss(tokens):
        hidden = embed(tokens[:, :-1]) + place
        for layer in layers:
            hidden = layer(hidden, src_mask=mask, is_causal=True)
        return nn.functional.cross_entropy(head(hidden).flatten(0, 1), tokens[:, 1:].flatten())

    generator = torch.Generator().manual_seed(1000 + seed)
    held = text(64, torch.Generator().manual_seed(2))
    return optimizer, lambda step: loss(text(8, generator)), lambda: loss(held)
