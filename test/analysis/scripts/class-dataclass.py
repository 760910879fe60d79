from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Settings:
    lr: float = 1e-3
    max_norm: float = 1.0
    epochs: int = 2


def fit(settings):
    model = nn.LSTM(8, 8)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
    for _ in range(settings.epochs):
        for x in torch.zeros(3, 5, 2, 8):
            optimizer.zero_grad()
            model(x)[0].sum().backward()
            nn.utils.clip_grad_norm_(model.parameters(), settings.max_norm)
            optimizer.step()


fit(Settings(lr=3e-4))
