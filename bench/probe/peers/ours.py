"""Gradsight, with an editor's hub in GRADSIGHT_RENDEZVOUS or without one; the script doesn't change."""

from __future__ import annotations

import gradsight


def start(folder: str) -> None:
    gradsight.watch("bench")


def follow(model, optimizer):
    return lambda loss, step: loss.backward()
