"""``wandb.watch``, offline, told to look at each step."""

from __future__ import annotations

from peers import wandb_watch
from peers.wandb_watch import follow, start  # noqa: F401

wandb_watch.EVERY = 1
