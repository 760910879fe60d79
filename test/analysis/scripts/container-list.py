import torch
from torch import nn

models = [nn.LSTM(8, 8), nn.GRU(8, 8)]
optimizers = [torch.optim.Adam(model.parameters()) for model in models]
for x in torch.zeros(3, 5, 2, 8):
    for model, optimizer in zip(models, optimizers):
        optimizer.zero_grad()
        model(x)[0].sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
