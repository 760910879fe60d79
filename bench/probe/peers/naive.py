"""The loop that many write: the norm of each gradient, each brought to Python."""

from __future__ import annotations


def start(folder: str) -> None:
    pass


def follow(model, optimizer):
    norms = []

    def backward(loss, step):
        loss.backward()
        total = 0.0
        for parameter in model.parameters():
            if parameter.grad is not None:
                total += parameter.grad.data.norm(2).item() ** 2
        norms.append(total**0.5)

    return backward
