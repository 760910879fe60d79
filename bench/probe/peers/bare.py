"""The script as it is."""

from __future__ import annotations


def start(folder: str) -> None:
    pass


def follow(model, optimizer):
    return lambda loss, step: loss.backward()
