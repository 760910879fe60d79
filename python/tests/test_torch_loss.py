"""The loss of an update: the sum of what was differentiated into its gradients, where that is known."""

from __future__ import annotations

import torch
from recording import Recording
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch_training import Seen, loss_of, near, network


def test_a_pass_inside_a_pass_is_part_of_it(recording: Recording) -> None:
    lower, upper = network(1), nn.Linear(1, 1)
    optimizer = Seen([*lower.parameters(), *upper.parameters()], lr=0.01)
    losses = []
    for _ in range(2):
        optimizer.zero_grad()
        inputs = torch.randn(4, 6, requires_grad=True)
        loss = upper(checkpoint(lower, inputs, use_reentrant=True)).pow(2).mean()  # type: ignore[no-untyped-call]
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    steps = recording.steps(optimizer, 2)
    assert [step["loss"] for step in steps] == near(losses)
    assert [step["norm_pre"] for step in steps] == near(optimizer.seen)


def test_a_loss_that_is_not_known_in_part_is_not_known(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.01)
    for weighted in (True, False):
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        if weighted:
            model(torch.ones(2, 6)).backward(torch.ones(2, 1))
        optimizer.step()
    steps = recording.steps(optimizer, 2)
    assert "loss" not in steps[0]
    assert steps[1]["loss"] == near(loss.item())


def test_a_pass_that_fails_leaves_the_next_as_it_is(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    loss = loss_of(model)
    loss.backward()
    try:
        loss.backward()  # its graph is gone
    except RuntimeError:
        pass
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["loss"] == near(loss.item())


def test_parameters_that_are_unfrozen_later(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.01)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    last = model[2].bias  # type: ignore[index]
    losses = []
    for trained in (last, model[0].weight):  # type: ignore[index]
        for parameter in model.parameters():
            parameter.requires_grad_(parameter is trained)
        for _ in range(2):
            optimizer.zero_grad()
            loss = loss_of(model)
            losses.append(loss.item())
            loss.backward()
            optimizer.step()
    steps = recording.steps(optimizer, 4)
    assert [step["norm_pre"] for step in steps] == near(optimizer.seen)
    found = [step.get("loss") for step in steps]
    # The first pass after a change may go unnoticed; none is made up, and the next is found.
    assert (found[1], found[3]) == near((losses[1], losses[3]))
    assert found[0] in (None, near(losses[0])) and found[2] in (None, near(losses[2]))
