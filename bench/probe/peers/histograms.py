"""``torch.utils.tensorboard``: a histogram of each gradient in each step."""

from __future__ import annotations

from torch.utils.tensorboard import SummaryWriter


def start(folder: str) -> None:
    global writer
    writer = SummaryWriter(folder)


def follow(model, optimizer):
    def backward(loss, step):
        loss.backward()
        for name, parameter in model.named_parameters():
            if parameter.grad is not None:
                writer.add_histogram(f"grad/{name}", parameter.grad, step)

    return backward
