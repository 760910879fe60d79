import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.LSTM(8, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.body(x)[0])


model = Classifier()
optimizer = torch.optim.AdamW(
    [
        {"params": model.body.parameters(), "lr": 1e-5},
        {"params": model.head.parameters(), "lr": 1e-3},
    ],
    weight_decay=0.01,
)
for x in torch.zeros(3, 5, 2, 8):
    model(x).sum().backward()
    nn.utils.clip_grad_norm_([*model.body.parameters(), *model.head.parameters()], 1.0)
    optimizer.step()
    optimizer.zero_grad()
