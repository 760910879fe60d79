"""The count of updates goes on where the optimizer's own state says that an earlier run has stopped."""

from __future__ import annotations

from typing import Any, List

import pytest
import torch
from recording import Recording


def train(optimizer: Any, updates: int) -> None:
    for _ in range(updates):
        optimizer.zero_grad()
        sum((parameter**2).sum() for parameter in optimizer.param_groups[0]["params"]).backward()
        optimizer.step()


def parameters() -> List[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(2))]


def steps(recording: Recording, optimizer: Any, count: int) -> List[int]:
    return [step["step"] for step in recording.hub.wait_for_steps(recording._id(optimizer), count)]


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.Adagrad])
def test_a_state_that_counts_goes_on(kind: Any, recording: Recording) -> None:
    saved = kind(parameters())
    train(saved, 3)
    resumed = kind(parameters())
    resumed.load_state_dict(saved.state_dict())
    train(resumed, 2)
    assert steps(recording, saved, 3) == [0, 1, 2]
    assert steps(recording, resumed, 2) == [3, 4]


def test_a_state_that_does_not_count_begins_anew(recording: Recording) -> None:
    saved = torch.optim.SGD(parameters(), lr=0.1, momentum=0.9)
    train(saved, 3)
    resumed = torch.optim.SGD(parameters(), lr=0.1, momentum=0.9)
    resumed.load_state_dict(saved.state_dict())
    train(resumed, 2)
    assert steps(recording, resumed, 2) == [0, 1]


def test_a_state_that_is_something_else_is_not_asked(recording: Recording) -> None:
    optimizer = torch.optim.SGD(parameters(), lr=0.1)
    optimizer.state["hook"] = "mine"  # type: ignore[index]
    optimizer.state[optimizer.param_groups[0]["params"][0]]["step"] = torch.ones(3)
    train(optimizer, 1)
    assert steps(recording, optimizer, 1) == [0]
