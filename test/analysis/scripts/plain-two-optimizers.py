import torch
from torch import nn

encoder = nn.LSTM(8, 8)
decoder = nn.LSTM(8, 8)
encoder_optimizer = torch.optim.SGD(encoder.parameters(), lr=0.01)
decoder_optimizer = torch.optim.SGD(decoder.parameters(), lr=0.01)
for x in torch.zeros(3, 5, 2, 8):
    encoder_optimizer.zero_grad()
    decoder_optimizer.zero_grad()
    decoder(encoder(x)[0])[0].mean().backward()
    nn.utils.clip_grad_norm_(encoder.parameters(), 50.0)
    nn.utils.clip_grad_norm_(decoder.parameters(), 50.0)
    encoder_optimizer.step()
    decoder_optimizer.step()
