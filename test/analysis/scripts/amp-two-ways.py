import torch
from torch import nn


def fit(data, amp):
    net = nn.LSTM(8, 8)
    optimizer = torch.optim.Adam(net.parameters())
    scaler = torch.amp.GradScaler("cuda") if amp else None
    for x in data:
        optimizer.zero_grad()
        with torch.autocast("cuda", enabled=amp):
            loss = net(x)[0].sum()
        if scaler is not None:
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
        else:
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()


fit([], True)
