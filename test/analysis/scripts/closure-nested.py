import torch
from torch import nn


def make_update(model, optimizer, limit):
    def update(batch):
        optimizer.zero_grad()
        loss = model(batch)[0].mean()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), limit)
        optimizer.step()
        return loss.detach()

    return update


lstm = nn.LSTM(8, 8)
update = make_update(lstm, torch.optim.Adam(lstm.parameters()), limit=0.5)
for x in torch.zeros(3, 5, 2, 8):
    update(x)
