import math

import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, vocab, width):
        super().__init__()
        self.embed = nn.Embedding(vocab, width)
        self.rnn = nn.LSTM(width, width)
        self.decode = nn.Linear(width, vocab)

    def forward(self, tokens, state):
        out, state = self.rnn(self.embed(tokens), state)
        return self.decode(out), state


def detach(state):
    return tuple(part.detach() for part in state)


vocab = 10000
model = Model(vocab, 200)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=20)
state = (torch.zeros(1, 20, 200), torch.zeros(1, 20, 200))
for tokens, targets in []:
    model.zero_grad()
    state = detach(state)
    out, state = model(tokens, state)
    loss = criterion(out.view(-1, vocab), targets.view(-1))
    loss.backward()
    optimizer.step()  # <- missing-clipping
    print(math.exp(loss.item()))
