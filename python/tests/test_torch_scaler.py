"""Gradient scalers: norms and losses are unscaled, and skipped steps are recorded as such."""

from __future__ import annotations

import math
from typing import Any, Optional

import pytest
import torch
from recording import Recording, norm
from testing_hub import SKIPPED
from torch import nn
from torch_training import Seen, loss_of, near, network

if not hasattr(torch.amp, "GradScaler"):
    pytest.skip("needs PyTorch 2.3 or later, whose scalers run on a CPU", allow_module_level=True)


def scaled_step(
    scaler: Any, model: nn.Module, optimizer: Any, step: int, clip: Optional[float], unscale: bool, bad: bool = False
) -> None:
    optimizer.zero_grad()
    loss = loss_of(model, step)
    scaler.scale(loss).backward()
    if bad:
        model[0].weight.grad[0, 0] = math.inf  # type: ignore[index]
    if unscale:
        scaler.unscale_(optimizer)
    if clip is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    scaler.step(optimizer)
    scaler.update()


def grad_scaler(scale: float = 1024.0) -> Any:
    return torch.amp.GradScaler("cpu", init_scale=scale)


@pytest.mark.parametrize("unscale", [False, True])
@pytest.mark.parametrize("clips", [False, True])
def test_under_a_gradient_scaler_norms_are_unscaled(recording: Recording, unscale: bool, clips: bool) -> None:
    model, scaler = network(), grad_scaler()
    optimizer = Seen(model.parameters(), lr=0.01)
    losses, before = [], []
    for step in range(4):
        with torch.no_grad():
            losses.append(loss_of(model, step).item())
        before.append(norm(torch.autograd.grad(loss_of(model, step), list(model.parameters()))))
        scaled_step(scaler, model, optimizer, step, 1.0 if clips else None, unscale)
    steps = recording.steps(optimizer, 4)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step.get("norm_post", step["norm_pre"]) for step in steps] == near(optimizer.seen)
    assert [step["loss"] for step in steps] == near(losses)
    assert {step["loss_scale"] for step in steps} == {1024.0}
    if clips:
        assert {step["threshold"] for step in steps} == {1.0 if unscale else 1.0 / 1024}
    if clips and not unscale:
        (event,) = recording.events(optimizer, 1)
        assert "clipped while still scaled by 1024" in event["message"]


@pytest.mark.parametrize("unscale", [False, True])
def test_steps_that_the_scaler_skips(recording: Recording, unscale: bool) -> None:
    model, scaler = network(), grad_scaler()
    optimizer = Seen(model.parameters())
    for step in range(4):
        scaled_step(scaler, model, optimizer, step, 1.0, unscale, bad=step == 1)
    steps = recording.steps(optimizer, 4)
    assert [step["flags"] & SKIPPED for step in steps] == [0, SKIPPED, 0, 0]
    assert not math.isfinite(steps[1]["norm_pre"])
    assert [step["loss_scale"] for step in steps] == [1024, 1024, 512, 512]
    assert len(optimizer.seen) == 3
    assert [event["kind"] for event in recording.events(optimizer, 1 if unscale else 2)][-1:] == ["skipped"]


def test_a_fused_optimizer_unscales_by_itself(recording: Recording) -> None:
    model, scaler = network(), grad_scaler()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    before = []
    for step in range(4):
        before.append(norm(torch.autograd.grad(loss_of(model, step), list(model.parameters()))))
        scaled_step(scaler, model, optimizer, step, None, False, bad=step == 2)
    steps = recording.steps(optimizer, 4)
    assert [step["norm_pre"] for step in steps if not step["flags"]] == near([before[0], before[1], before[3]])
    assert [step["flags"] for step in steps] == [0, 0, SKIPPED, 0]


def test_a_disabled_scaler_is_none(recording: Recording) -> None:
    model, scaler = network(), torch.amp.GradScaler("cpu", enabled=False)
    optimizer = Seen(model.parameters())
    scaled_step(scaler, model, optimizer, 0, 1.0, True)
    (step,) = recording.steps(optimizer, 1)
    assert "loss_scale" not in step
    assert step["norm_post"] == near(optimizer.seen[0])
