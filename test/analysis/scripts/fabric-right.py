import torch
from lightning.fabric import Fabric
from torch import nn

fabric = Fabric(accelerator="cpu")
fabric.launch()
model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
model, optimizer = fabric.setup(model, optimizer)
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    fabric.backward(model(x)[0].sum())
    fabric.clip_gradients(model, optimizer, max_norm=1.0)
    optimizer.step()
