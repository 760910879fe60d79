"""Cockpit with the one instrument of its that measures what we do: the norm of the gradient, in each step."""

from __future__ import annotations

from cockpit import Cockpit
from cockpit.quantities import GradNorm


def start(folder: str) -> None:
    pass


def follow(model, optimizer):
    cockpit = Cockpit(list(model.parameters()), quantities=[GradNorm(lambda step: True)])

    def backward(loss, step):
        with cockpit(step, info={"loss": loss, "optimizer": optimizer}):
            loss.backward(create_graph=cockpit.create_graph(step))

    return backward
