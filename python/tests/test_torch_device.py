"""Nothing of the probe waits for a device: shown on the device "meta", whose numbers can't be read at all."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
import torch
from gradsight._series import LayerNorms
from gradsight.frameworks.torch_reading import PATIENCE, Reader, fetch
from gradsight.metrics.time_budget import TimeBudget
from recording import Recording
from torch import nn
from torch_training import network

HOW = ["unclipped", "by norm", "by value", "each", "closure", "in backward", "scheduled"]


@pytest.fixture
def unread(recording: Recording) -> Iterator[Recording]:
    """What is read in the end, when the device has nothing more to do, is left out."""
    yield recording
    recording.recorder.reader._waiting.clear()


def on_device() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1)).to("meta")


@pytest.mark.parametrize("how", HOW)
def test_nothing_waits_for_a_device(unread: Recording, how: str) -> None:
    model = on_device()
    optimizer: Any = torch.optim.Adam(model.parameters(), lr=0.1)
    if how == "scheduled":
        optimizer = torch.optim.SGD(model.parameters(), lr=torch.tensor(0.1))
    if how == "in backward":
        if not hasattr(torch.Tensor, "register_post_accumulate_grad_hook"):
            pytest.skip("needs PyTorch 2.1 or later")
        own = {parameter: torch.optim.SGD([parameter], lr=0.1) for parameter in model.parameters()}
        for parameter in own:
            parameter.register_post_accumulate_grad_hook(lambda p: own[p].step())
        optimizer = own[next(model.parameters())]

    def differentiate() -> torch.Tensor:
        optimizer.zero_grad()
        loss: torch.Tensor = model(torch.ones(4, 6, device="meta")).pow(2).mean()
        loss.backward()
        if how == "by norm":
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        elif how == "by value":
            torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)
        elif how == "each":
            for parameter in model.parameters():
                torch.nn.utils.clip_grad_norm_(parameter, 1.0)
        return loss

    for _ in range(PATIENCE):
        if how == "closure":
            optimizer.step(differentiate)
        else:
            differentiate()
            if how != "in backward":
                optimizer.step()
        every_signal_at_every_step(unread, optimizer)
    assert len(unread.recorder.reader._waiting) == PATIENCE


def every_signal_at_every_step(recording: Recording, optimizer: Any) -> None:
    series = recording.recorder._series[optimizer]
    series.ratio_budget = series.weights_budget = series.post_budget = TimeBudget(float("inf"))
    series._next_layers = 0.0


def test_the_norms_of_several_steps_are_fetched_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, copied = Reader(), []

    def copy(tensor: Any) -> Any:
        copied.append(tuple(tensor.shape))
        reader._read_from(torch.device("mps"))  # one that has no events
        return torch.arange(tensor.numel(), dtype=torch.float32).reshape(tensor.shape)

    monkeypatch.setattr(reader, "copy", copy)
    kept = [LayerNorms(step, "layers-0", torch.ones(2, device="meta"), 0.5) for step in range(3)]
    other = LayerNorms(3, "layers-1", torch.ones(4, device="meta"), 1.0)
    fetch(reader, kept)
    fetch(reader, [*kept, other])
    assert copied == [(3, 2), (1, 4)]
    assert [norms.numbers() for norms in kept] == [None] * 3
    reader.drain()
    assert [list(norms.numbers() or []) for norms in kept] == [[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]]
    assert list(other.numbers() or []) == [0.0, 1.0, 2.0, 3.0]


def trained(model: nn.Module, steps: int, **where: Any) -> torch.optim.Optimizer:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(4, 6, **where)).pow(2).mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return optimizer


def test_a_dry_run_on_the_device_meta_leaves_the_training_after_it_recorded(recording: Recording) -> None:
    dry = trained(on_device(), PATIENCE + 3, device="meta")
    optimizer = trained(network(), 3)
    recording.recorder.reader.drain()
    assert [step["threshold"] for step in recording.steps(optimizer, 3)] == [1.0] * 3
    assert not recording.recorder._series[dry].series.rows


def test_a_dry_run_with_fake_tensors_leaves_the_training_after_it_recorded(recording: Recording) -> None:
    fake_tensors = pytest.importorskip("torch._subclasses.fake_tensor")
    with fake_tensors.FakeTensorMode():
        dry = trained(network(), 3)
        torch.nn.utils.clip_grad_value_([parameter for group in dry.param_groups for parameter in group["params"]], 1.0)
        dry.step()
    optimizer = trained(network(), 3)
    assert [step["threshold"] for step in recording.steps(optimizer, 3)] == [1.0] * 3
    assert dry not in recording.recorder._series


@pytest.mark.skipif(not hasattr(torch, "set_default_device"), reason="needs PyTorch 2.0 or later")
def test_what_is_made_for_a_measurement_is_not_on_the_default_device(recording: Recording) -> None:
    """The places of an optimizer's own norms among those of a clip, and those of norms that a clip takes by type."""
    model = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 1).double())
    inputs = torch.ones(4, 6)
    first = torch.optim.SGD(model[0].parameters(), lr=0.01)
    second = torch.optim.SGD(model[1].parameters(), lr=0.01)
    torch.set_default_device("meta")
    try:
        for _ in range(2):
            model[1](model[0](inputs).double()).pow(2).mean().backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            first.step()
            second.step()
    finally:
        torch.set_default_device(None)
    for optimizer in (first, second):
        assert len(recording.steps(optimizer, 2)) == 2
        assert all(len(norms) == 2 for norms in recording.layers(optimizer).values())
