import torch
from accelerate import Accelerator
from torch import nn


def main():
    accelerator = Accelerator(mixed_precision="bf16")
    model = nn.LSTM(8, 8)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    model, optimizer = accelerator.prepare(model, optimizer)
    for x in torch.zeros(3, 5, 2, 8):
        loss = model(x)[0].sum()
        accelerator.backward(loss)
        optimizer.step()  # <- missing-clipping
        optimizer.zero_grad()


main()
