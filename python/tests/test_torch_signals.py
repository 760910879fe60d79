"""What is recorded besides norms and loss: update ratio, weights, learning rates of all groups, and times."""

from __future__ import annotations

import math
import time
from typing import Any, List

import torch
from gradsight.metrics.time_budget import TimeBudget
from recording import Recording, norm
from torch_training import Seen, loss_of, near, network


def train(optimizer: Any, model: torch.nn.Module, step: int) -> None:
    optimizer.zero_grad()
    loss_of(model, step).backward()
    optimizer.step()


def test_update_ratio(recording: Recording) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    ratios: List[float] = []
    for step in range(5):
        before = [parameter.detach().clone() for parameter in model.parameters()]
        train(optimizer, model, step)
        ratios.append(norm([p.detach() - w for p, w in zip(model.parameters(), before)]) / norm(before))
        recording.recorder._series[optimizer].ratio_budget = TimeBudget(math.inf)
    steps = recording.steps(optimizer, 5)
    assert "update_ratio" not in steps[0]
    assert [step["update_ratio"] for step in steps[1:]] == near(ratios[1:])


def test_weights_are_sampled_with_their_layers(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    expected = {name: norm([parameter.detach()]) for name, parameter in model.named_parameters()}
    train(optimizer, model, 0)
    assert recording.layers(optimizer, "weight")[0] == near(expected)


def test_learning_rates_of_several_groups(recording: Recording) -> None:
    model = network()
    groups: Any = [{"params": model[0].parameters(), "lr": 0.1}, {"params": model[2].parameters()}]  # type: ignore[index]
    optimizer = Seen(groups, lr=0.02)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    for step in range(3):
        train(optimizer, model, step)
        schedule.step()
    extra = torch.nn.Parameter(torch.ones(1))
    optimizer.add_param_group({"params": [extra], "lr": 0.7})
    train(optimizer, model, 3)
    steps = recording.steps(optimizer, 4)
    assert [step["lr"] for step in steps] == near([0.1, 0.05, 0.025, 0.0125])
    assert [step["group_lr"] for step in steps[:3]] == [near([0.1, 0.02]), near([0.05, 0.01]), near([0.025, 0.005])]
    assert steps[3]["group_lr"] == near([0.0125, 0.0025, 0.7])


def test_one_group_has_one_learning_rate(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.3)
    train(optimizer, model, 0)
    (step,) = recording.steps(optimizer, 1)
    assert step["lr"] == 0.3 and "group_lr" not in step


def test_step_time(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    begun, ended = [], []
    for step in range(3):
        begun.append(time.perf_counter())
        train(optimizer, model, step)
        ended.append(time.perf_counter())
        time.sleep(0.01)
    steps = recording.steps(optimizer, 3)
    assert "step_time" not in steps[0]
    for step, earliest, latest in zip(steps[1:], begun, ended[1:]):
        assert 0.01 <= step["step_time"] <= latest - earliest
