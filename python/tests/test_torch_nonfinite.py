"""Gradients that are not finite: when that began, and in which parameter."""

from __future__ import annotations

import math

import pytest
import torch
from gradsight._session import Outcome
from recording import Recording
from testing_hub import SKIPPED
from torch_training import Seen, loss_of, network


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


def clip_strictly(model: torch.nn.Module, optimizer: Seen, bad: bool) -> bool:
    """Whether the clip let the gradients pass, of which one is infinite if they are ``bad``."""
    optimizer.zero_grad()
    loss_of(model).backward()
    if bad:
        model[2].weight.grad[0, 0] = math.inf  # type: ignore[index]
    try:
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)
    except RuntimeError:
        return False
    return True


def test_a_clip_that_raises_ends_it_with_a_point(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.0)
    for step in range(4):
        if clip_strictly(model, optimizer, bad=step == 3):
            optimizer.step()
    recording.session.close(Outcome("failed", "non-finite", 1))
    *_, last = recording.steps(optimizer, 4)
    assert (last["norm_pre"], last["threshold"], last["flags"]) == (math.inf, 1.0, 0)
    assert "norm_post" not in last
    (event,) = recording.events(optimizer, 1)
    assert (event["kind"], event["step"]) == ("nonfinite", 3)
    assert event["message"].startswith("The gradient of 2.weight is not finite")
    found = event["data"]
    assert (found["check"], found["parameter"], found["elements"]) == ("error_if_nonfinite", "2.weight", 1)


def test_a_script_that_goes_on_has_left_the_update_out(recording: Recording) -> None:
    model, other = network(), network(1)
    optimizer, another = Seen(model.parameters(), lr=0.0), Seen(other.parameters(), lr=0.0)
    for step in range(4):
        if clip_strictly(model, optimizer, bad=step == 1):
            optimizer.step()
        clip_strictly(other, another, bad=False)
        another.step()
    steps = recording.steps(optimizer, 4)
    assert [step["flags"] & SKIPPED for step in steps] == [0, SKIPPED, 0, 0]
    (event,) = recording.events(optimizer, 1)
    assert (event["kind"], event["step"]) == ("skipped", 1)
    assert "error_if_nonfinite" in event["message"]
    recording.steps(another, 4)


def test_an_update_that_is_made_all_the_same_is_one(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.0)
    for step in range(3):
        clip_strictly(model, optimizer, bad=step == 1)
        optimizer.step()
    assert [math.isfinite(step["norm_pre"]) for step in recording.steps(optimizer, 3)] == [True, False, False]
    (event,) = recording.events(optimizer, 1)
    assert (event["kind"], event["step"], "check" in event["data"]) == ("nonfinite", 1, False)


@pytest.mark.skipif(not hasattr(torch.nn.utils, "get_total_norm"), reason="PyTorch 2.6 has it first")
def test_a_total_that_raises_ends_it_with_a_point(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.0)
    for step in range(3):
        optimizer.zero_grad()
        loss_of(model).backward()
        if step == 2:
            model[2].weight.grad[0, 0] = math.inf  # type: ignore[index]
        gradients = [parameter.grad for parameter in model.parameters()]
        try:
            total = torch.nn.utils.get_total_norm(gradients, error_if_nonfinite=True)
        except RuntimeError:
            break
        torch.nn.utils.clip_grads_with_norm_(model.parameters(), 1.0, total)
        optimizer.step()
    recording.session.close(Outcome("failed", "non-finite", 1))
    *_, last = recording.steps(optimizer, 3)
    assert (last["norm_pre"], last["flags"], "threshold" in last) == (math.inf, 0, False)
    (event,) = recording.events(optimizer, 1)
    assert (event["kind"], event["step"], event["data"]["parameter"]) == ("nonfinite", 2, "2.weight")
