import itertools

import torch
from torch import nn

encoder = nn.LSTM(8, 8)
decoder = nn.LSTM(8, 8)
parameters = list(itertools.chain(encoder.parameters(), decoder.parameters()))
optimizer = torch.optim.Adam(parameters, lr=2e-3)
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    decoder(encoder(x)[0])[0].mean().backward()
    optimizer.step()  # <- missing-clipping
