"""Closures: the gradients come to be inside ``step``."""

from __future__ import annotations

from typing import List

import torch
from recording import Recording, gradients, norm
from torch_training import Seen, loss_of, near, network


def test_a_closure_is_measured_after_it(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    before, after, losses = [], [], []

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        before.append(norm(gradients(optimizer)))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        after.append(norm(gradients(optimizer)))
        losses.append(loss.item())
        return loss

    for _ in range(3):
        optimizer.step(closure)
    steps = recording.steps(optimizer, 3)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step["norm_post"] for step in steps] == near(after)
    assert [step["loss"] for step in steps] == near(losses)


def test_lbfgs_is_one_point_a_step(recording: Recording) -> None:
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=5, line_search_fn="strong_wolfe")
    first: List[float] = []
    calls = 0

    def closure() -> torch.Tensor:
        nonlocal calls
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        if len(first) == len(starts):
            pass
        else:
            first.append(norm(gradients(optimizer)))
        calls += 1
        return loss

    starts: List[int] = []
    for step in range(3):
        starts.append(step)
        optimizer.step(closure)
    assert calls > 3
    steps = recording.steps(optimizer, 3)
    assert [step["norm_pre"] for step in steps] == near(first)
