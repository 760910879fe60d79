"""Clipping in PyTorch: the norm before and after it, its threshold and its place."""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest
import torch
from recording import Recording, gradients, norm
from testing_hub import BY_VALUE, POST_DERIVED
from torch.nn.utils import clip_grad_norm_ as bound_before  # before the hooks are in place
from torch_training import VERSION, Seen, loss_of, near, network


class Held:
    """Everywhere that a function can have got to before the hooks are in place."""

    method = staticmethod(bound_before)
    attribute: Any = None
    listed = [bound_before]
    named = {"clip": bound_before}
    part = functools.partial(bound_before, max_norm=2.0)

    @staticmethod
    def default(parameters: Any, max_norm: float, clip: Any = bound_before) -> Any:
        return clip(parameters, max_norm)


def closed_over(clip: Any) -> Any:
    return lambda parameters, max_norm: clip(parameters, max_norm)


closure = closed_over(bound_before)
Held.attribute = bound_before


@pytest.mark.parametrize(
    "clip",
    [
        lambda p, m: Held.method(p, m),
        lambda p, m: vars(Held)["attribute"](p, m),
        lambda p, m: Held.listed[0](p, m),
        lambda p, m: Held.named["clip"](p, m),
        lambda p, m: Held.part(p),
        lambda p, m: Held.default(p, m),
        lambda p, m: closure(p, m),
    ],
    ids=["method", "attribute", "list", "dict", "partial", "default", "closure"],
)
def test_a_clip_that_was_bound_before(recording: Recording, clip: Any) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    before = norm(gradients(optimizer))
    clip(model.parameters(), 2.0)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert (step["norm_pre"], step["threshold"]) == near((before, 2.0))
    assert recording.series(optimizer)["clip"]["function"] == "torch.nn.utils.clip_grad_norm_"  # not one inside it


@pytest.mark.parametrize("given", ["module", "list", "generator", "filter", "bound before"])
def test_clipping_by_norm(recording: Recording, given: str) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    before = []
    for step in range(6):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        before.append(norm(gradients(optimizer)))
        parameters: Any = {"list": list(model.parameters()), "filter": filter(torch.is_tensor, model.parameters())}.get(
            given, model.parameters()
        )
        clip = bound_before if given == "bound before" else torch.nn.utils.clip_grad_norm_
        clip(parameters, 2.0)
        optimizer.step()
    steps = recording.steps(optimizer, 6)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)
    assert max(optimizer.seen) <= 2.0 * (1 + 1e-6) < max(before)
    assert {step["threshold"] for step in steps} == {2.0}
    clip_site = recording.series(optimizer)["clip"]
    assert (clip_site["kind"], clip_site["function"]) == ("norm", "torch.nn.utils.clip_grad_norm_")
    assert clip_site["location"]["file"] == __file__
    assert clip_site["location"]["line"] == recording.series(optimizer)["site"]["line"] - 1


def test_the_norm_after_clipping_is_measured_or_marked_as_derived(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    for step in range(30):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    steps = recording.steps(optimizer, 30)
    flags = [step["flags"] for step in steps]
    assert flags[0] == 0  # checked at the first
    assert flags.count(POST_DERIVED) > 0
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)


def test_gradients_that_change_after_the_clip_are_measured(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.01)
    for step in range(8):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for parameter in model.parameters():
            parameter.grad.mul_(3.0)
        optimizer.step()
    steps = recording.steps(optimizer, 8)
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)
    (event,) = recording.events(optimizer, 1)
    assert "changed between the clip and the update" in event["message"]


def test_clipping_by_value(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    before = []
    for step in range(4):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        before.append(norm(gradients(optimizer)))
        torch.nn.utils.clip_grad_value_(model.parameters(), 0.25)
        optimizer.step()
    steps = recording.steps(optimizer, 4)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)
    assert all(step["threshold"] == 0.25 and step["flags"] == BY_VALUE for step in steps)
    assert recording.series(optimizer)["clip"]["kind"] == "value"


def test_clipping_at_infinity_is_measuring(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["norm_pre"] == near(optimizer.seen[0])
    assert "threshold" not in step and "norm_post" not in step
    assert recording.series(optimizer)["clip"] is None


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_name_without_underscore(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    torch.nn.utils.clip_grad_norm(model.parameters(), 1.0)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["norm_post"] == near(optimizer.seen[0])


def test_clipping_in_two_halves(recording: Recording) -> None:
    if not hasattr(torch.nn.utils, "clip_grads_with_norm_"):
        pytest.skip("needs PyTorch 2.6 or later")
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    total = torch.nn.utils.get_total_norm(gradients(optimizer))
    torch.nn.utils.clip_grads_with_norm_(model.parameters(), 1.0, total)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert (step["norm_pre"], step["norm_post"]) == near((total.item(), optimizer.seen[0]))


def test_another_norm_is_the_one_that_its_threshold_bounds(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    largest = max(gradient.abs().max().item() for gradient in gradients(optimizer))
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1, norm_type=math.inf)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert (step["norm_pre"], step["norm_post"]) == near((largest, 0.1))


def test_clipping_each_parameter_by_itself(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    for step in range(2):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        before = norm(gradients(optimizer))
        for parameter in model.parameters():
            torch.nn.utils.clip_grad_norm_(parameter, 0.5)
        optimizer.step()
    steps = recording.steps(optimizer, 2)
    assert (steps[1]["norm_pre"], steps[1]["norm_post"]) == near((before, optimizer.seen[1]))
    assert "threshold" not in steps[1]  # none holds for the whole


def test_clipping_a_part(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    before = norm(gradients(optimizer))
    torch.nn.utils.clip_grad_norm_(model[2].parameters(), 0.5)  # type: ignore[index]
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert (step["norm_pre"], step["norm_post"]) == near((before, optimizer.seen[0]))


def test_a_threshold_that_changes(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    for threshold in (1.0, 1.0, 0.5):
        optimizer.zero_grad()
        loss_of(model).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), threshold)
        optimizer.step()
    (event,) = recording.events(optimizer, 1)
    assert (event["kind"], event["step"], event["data"]) == ("threshold", 2, {"from": 1.0, "to": 0.5})


@pytest.mark.skipif(VERSION < (2, 6), reason="no such warning yet")
def test_an_empty_generator_is_still_warned_of(recording: Recording) -> None:
    parameters = network().parameters()
    list(parameters)
    with pytest.warns(UserWarning, match="empty generator") as caught:
        result = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    assert result.item() == 0
    assert caught[0].filename == __file__


def test_an_error_in_the_clip_is_the_script_s(recording: Recording) -> None:
    model = network()
    loss_of(model).backward()
    model[0].weight.grad[0, 0] = math.nan  # type: ignore[index]
    with pytest.raises(RuntimeError, match="non-finite"):
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)
