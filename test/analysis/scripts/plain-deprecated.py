import torch
from torch.nn.utils import clip_grad_norm

rnn = torch.nn.LSTM(4, 8)
optimizer = torch.optim.Adam(rnn.parameters())
for x in torch.zeros(3, 5, 2, 4):
    optimizer.zero_grad()
    rnn(x)[0].mean().backward()
    clip_grad_norm(rnn.parameters(), 0.25)  # <- deprecated-clip
    optimizer.step()
