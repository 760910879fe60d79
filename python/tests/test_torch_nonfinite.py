"""Gradients that are not finite: when that began, and in which parameter."""

from __future__ import annotations

import math

import pytest
import torch
from recording import Recording, norm
from torch_training import Seen, network, loss_of


@pytest.mark.parametrize("clips", [False, True])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_names_the_first_parameter_to_go_bad(recording: Recording, clips: bool, bad: float) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.0)
    for step in range(4):
        optimizer.zero_grad()
        loss_of(model).backward()
        if step in (2, 3):
            model[2].weight.grad[0, 0] = bad  # type: ignore[index]
        if clips:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    steps = recording.steps(optimizer, 4)
    assert [math.isfinite(step["norm_pre"]) for step in steps] == [True, True, False, False]
    events = recording.events(optimizer, 1)
    assert [(event["kind"], event["step"]) for event in events] == [("nonfinite", 2)]
    # Once a norm that is NaN has been multiplied in, every gradient is NaN: named only where they were sampled before.
    allowed = ["2.weight"] if not clips or bad == math.inf else ["2.weight", None]
    assert events[0]["data"]["parameter"] in allowed
    if not clips:
        assert (events[0]["data"]["parameters"], events[0]["data"]["elements"]) == (1, 1)


def test_counts_what_is_bad(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.0)
    loss_of(model).backward()
    model[0].bias.grad[:3] = math.nan  # type: ignore[index]
    model[2].weight.grad[0, :2] = math.inf  # type: ignore[index]
    optimizer.step()
    (event,) = recording.events(optimizer, 1)
    found = event["data"]
    assert (found["parameter"], found["parameters"], found["elements"]) == ("0.bias", 2, 5)
