"""The flight recorder beside PyTorch: every one of the last steps has the norms of all layers, however it clips."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List

import pytest
import torch
from gradsight._series import FLIGHT_STEPS
from gradsight.frameworks import torch_clip
from recording import Recording
from torch import nn
from torch_training import VERSION, Seen, loss_of, network

Clip = Callable[[Any, Any], object]
STEPS = FLIGHT_STEPS + 20


def clip_by_total(model: Any, _: Any) -> None:
    utils: Any = torch.nn.utils
    parameters = list(model.parameters())
    total = utils.get_total_norm([parameter.grad for parameter in parameters])
    utils.clip_grads_with_norm_(parameters, 0.5, total)


def clip_by_other_total(model: Any, _: Any) -> None:
    utils: Any = torch.nn.utils
    utils.clip_grads_with_norm_(model.parameters(), 0.5, torch.tensor(3.0))


def clip_parts(model: Any, _: Any) -> None:
    torch.nn.utils.clip_grad_norm_(model[0].parameters(), 0.5)
    torch.nn.utils.clip_grad_norm_(model[2].weight, 0.1)


def clip_with_others(model: Any, other: Any) -> None:
    torch.nn.utils.clip_grad_norm_([*other.parameters(), *model.parameters()], 0.5)


CLIPS: Dict[str, Clip] = {
    "not": lambda model, _: None,
    "by norm": lambda model, _: torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5),
    "of order inf": lambda model, _: torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5, norm_type=math.inf),
    "by value": lambda model, _: torch.nn.utils.clip_grad_value_(model.parameters(), 0.01),
    "in parts": clip_parts,
    "with others": clip_with_others,
}
if VERSION >= (2, 0):
    for how in (True, False):
        CLIPS[f"foreach={how}"] = lambda model, _, how=how: torch.nn.utils.clip_grad_norm_(
            model.parameters(), 0.5, foreach=how
        )
if hasattr(torch.nn.utils, "get_total_norm"):
    CLIPS["by total"] = clip_by_total
    CLIPS["by another total"] = clip_by_other_total


def oracle(model: nn.Module) -> Dict[str, float]:
    return {
        name: float(parameter.grad.double().norm())
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


def kept(recording: Recording, optimizer: Any) -> List[Dict[str, float]]:
    """The norms of the layers at each of the last steps."""
    series = recording.recorder._series[optimizer].series
    recording.hub.wait(lambda: series.norms and series.norms[-1].step == STEPS - 1)
    assert [layers.step for layers in series.norms] == list(range(STEPS - FLIGHT_STEPS, STEPS))
    return [dict(zip(series.layers[layers.table], layers.numbers() or [])) for layers in series.norms]


def same(found: List[Dict[str, float]], expected: List[Dict[str, float]], rel: float = 1e-5) -> None:
    for one, other in zip(found, expected[-FLIGHT_STEPS:]):
        assert one == pytest.approx(other, rel=rel, nan_ok=True)


def train(model: Any, optimizer: Any, clip: Clip, loss: Callable[[int], torch.Tensor]) -> List[Dict[str, float]]:
    other, expected = network(seed=1), []
    loss_of(other).backward()
    for step in range(STEPS):
        optimizer.zero_grad()
        loss(step).backward()
        expected.append(oracle(model))
        clip(model, other)
        optimizer.step()
    return expected


@pytest.mark.parametrize("how", CLIPS)
def test_the_last_steps_have_all_layers(recording: Recording, how: str) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.01)

    def loss(step: int) -> torch.Tensor:
        return loss_of(model, step) * (math.nan if step == STEPS - 1 else 1.0)

    expected = train(model, optimizer, CLIPS[how], loss)
    same(kept(recording, optimizer), expected)
    assert math.isnan(expected[-1]["0.weight"])


def test_the_clip_s_own_norms_are_taken(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not worked out once more."""

    def refuse(dense: Any) -> None:
        raise AssertionError("measured twice")

    monkeypatch.setattr(torch_clip.gradient_norm, "measure", refuse)
    model = network()
    optimizer = Seen(model.parameters(), lr=0.01)
    recording.recorder.gradients_of(optimizer)
    for step in range(3):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        with torch.no_grad():
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        ((clip, _),) = recording.recorder.gradients_of(optimizer).clips
        having, each = clip.layers
        assert len(having) == 4 and each.shape == (4,)


def test_types_that_are_mixed(recording: Recording) -> None:
    """Gradients of a type are taken together: their norms come in another order."""
    model = network()
    model[0].bias.data = model[0].bias.data.double()
    model[2].weight.data = model[2].weight.data.double()
    optimizer = Seen(model.parameters(), lr=0.01)

    def loss(step: int) -> torch.Tensor:
        parts = [parameter.double() * (step + place) for place, parameter in enumerate(model.parameters(), 1)]
        return torch.stack([part.pow(2).sum() for part in parts]).sum()

    expected = train(model, optimizer, CLIPS["by norm"], loss)
    same(kept(recording, optimizer), expected)


def test_some_gradients_are_missing(recording: Recording) -> None:
    model = network()
    model.add_module("unused", nn.Linear(2, 2))
    optimizer = Seen(model.parameters(), lr=0.01)
    expected = train(model, optimizer, CLIPS["by norm"], lambda step: loss_of(model[:3], step))
    same(kept(recording, optimizer), expected)
    assert len(expected[0]) == 4


def test_sparse_gradients(recording: Recording) -> None:
    model = nn.Sequential(nn.Embedding(10, 4, sparse=True))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    expected = []
    for step in range(STEPS):
        optimizer.zero_grad()
        model(torch.tensor([step % 10, 3, 3])).pow(2).sum().backward()
        gradient = model[0].weight.grad
        assert gradient is not None
        expected.append({"0.weight": float(gradient.to_dense().double().norm())})
        optimizer.step()
    same(kept(recording, optimizer), expected)


def test_a_function_of_another_library(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """It puts nothing together where it could be seen: the norms are measured, from the second call on."""
    monkeypatch.setattr(torch_clip, "_order", torch_clip.Order())
    monkeypatch.setattr(torch_clip, "_caught_nothing", False)
    monkeypatch.setattr(torch_clip.Order, "of", lambda self, having, ids, caught: None)
    model = network()
    optimizer = Seen(model.parameters(), lr=0.01)
    expected = train(model, optimizer, CLIPS["by norm"], lambda step: loss_of(model, step))
    same(kept(recording, optimizer), expected)


def test_an_overflow_is_not_taken_for_an_infinite_gradient(recording: Recording) -> None:
    """The squares of 1e30 are infinite in single precision."""
    model = network()
    optimizer = Seen(model.parameters(), lr=0.0)
    for value, last in ((1e30, 1e30), (1.0, 1.0), (1e30, math.inf)):
        loss_of(model).backward()
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.grad.fill_(value)
        model[2].weight.grad[0, 0] = last
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    found = [(event["step"], event["data"]["parameter"]) for event in recording.events(optimizer, 2)]
    assert found == [(0, None), (2, "2.weight")]
