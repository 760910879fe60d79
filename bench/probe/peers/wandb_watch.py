"""``wandb.watch``, offline, as it comes: histograms of the gradients in each thousandth step."""

from __future__ import annotations

import wandb

EVERY = 1000


def start(folder: str) -> None:
    wandb.init(mode="offline", dir=folder, project="bench", settings=wandb.Settings(silent=True, console="off"))


def follow(model, optimizer):
    wandb.watch(model, log="gradients", log_freq=EVERY)

    def backward(loss, step):
        loss.backward()
        wandb.log({"step": step})

    return backward
