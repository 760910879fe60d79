"""PyTorch's updates, against what autograd left in ``.grad`` when the optimizer's ``step`` saw it."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from recording import Recording
from torch_training import Seen, loss_of, near, network


def test_without_clipping(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.01)
    losses = []
    for step in range(5):
        optimizer.zero_grad()
        loss = loss_of(model, step)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    steps = recording.steps(optimizer, 5)
    assert [step["norm_pre"] for step in steps] == near(optimizer.seen)
    assert [step["loss"] for step in steps] == near(losses)
    assert {step["lr"] for step in steps} == {0.01}
    assert all("norm_post" not in step and "threshold" not in step for step in steps)
    series = recording.series(optimizer)
    assert series["label"] == "optimizer"
    assert series["site"]["file"] == __file__
    assert series["clip"] is None
    layers = recording.layers(optimizer)[0]
    assert list(layers) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert math.hypot(*layers.values()) == near(steps[0]["norm_pre"])


def test_gradient_accumulation_is_one_point_an_update(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    losses = []
    for micro in range(8):
        loss = loss_of(model, micro) / 4
        losses.append(loss.item())
        loss.backward()
        if micro % 4 == 3:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
    steps = recording.steps(optimizer, 2)
    assert [step["loss"] for step in steps] == near([sum(losses[:4]), sum(losses[4:])])
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)


def test_an_optimizer_inside_another_is_one_update(recording: Recording) -> None:
    class Outer(torch.optim.Optimizer):
        def __init__(self, inner: torch.optim.Optimizer) -> None:
            super().__init__([p for group in inner.param_groups for p in group["params"]], {})
            self.inner = inner

        def step(self, closure: Any = None) -> None:
            self.inner.step()

    model = network()
    inner = Seen(model.parameters())
    outer = Outer(inner)
    for step in range(3):
        outer.zero_grad()
        loss_of(model, step).backward()
        outer.step()
    steps = recording.steps(outer, 3)
    assert [step["norm_pre"] for step in steps] == near(inner.seen)
    assert inner not in recording.recorder._series


def test_an_update_that_raises_does_not_end_the_recording(recording: Recording) -> None:
    class Fails(Seen):
        fails = True

        def step(self, closure: Any = None) -> Any:
            if self.fails:
                raise RuntimeError("not now")
            return super().step(closure)

    model = network()
    optimizer = Fails(model.parameters())
    loss_of(model).backward()
    with pytest.raises(RuntimeError, match="not now"):
        optimizer.step()
    optimizer.fails = False
    optimizer.step()
    recording.hub.wait_for_steps(recording._id(optimizer), 1)
    assert recording.hub.steps(recording._id(optimizer))[0]["norm_pre"] == near(optimizer.seen[0])


def test_a_learning_rate_that_is_a_tensor(recording: Recording) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=torch.tensor(0.25), foreach=False)
    loss_of(model).backward()
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["lr"] == 0.25
