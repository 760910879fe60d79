"""Lightning's ``grad_norm``, called in each step as its documentation does in ``on_before_optimizer_step``."""

from __future__ import annotations

from lightning.pytorch.utilities import grad_norm


def start(folder: str) -> None:
    pass


def follow(model, optimizer):
    def backward(loss, step):
        loss.backward()
        grad_norm(model, norm_type=2)

    return backward
