"""Gradients of all kinds: sparse, complex, of several types, and by every implementation of an optimizer."""

from __future__ import annotations

from typing import Any, Dict

import pytest
import torch
from recording import Recording, gradients, norm
from torch import nn
from torch_training import VERSION, loss_of, near, network


def test_sparse_and_mixed_gradients(recording: Recording) -> None:
    torch.manual_seed(0)
    table = nn.Embedding(10, 4, sparse=True)
    double = nn.Linear(4, 1).double()
    half = nn.Parameter(torch.full((4,), 300.0, dtype=torch.bfloat16))
    optimizer = torch.optim.SGD([*table.parameters(), *double.parameters(), half], lr=0.1)
    out = double(table(torch.tensor([1, 1, 2])).double()).sum() + (half * 1000).float().sum()
    out.backward()
    expected = norm([g.coalesce().to_dense() if g.is_sparse else g for g in gradients(optimizer)])
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["norm_pre"] == near(expected)


def test_sparse_adam(recording: Recording) -> None:
    table = nn.Embedding(10, 4, sparse=True)
    optimizer = torch.optim.SparseAdam(table.parameters(), lr=0.1)
    expected, losses = [], []
    for step in range(3):
        optimizer.zero_grad()
        loss = (table(torch.tensor([step, step, 2])) ** 2).sum()
        losses.append(loss.item())
        loss.backward()
        expected.append(norm([gradient.to_dense() for gradient in gradients(optimizer)]))
        optimizer.step()
    steps = recording.steps(optimizer, 3)
    assert [step["norm_pre"] for step in steps] == near(expected)
    assert [step["loss"] for step in steps] == near(losses)


@pytest.mark.parametrize("clips", [False, True])
def test_complex_gradients(recording: Recording, clips: bool) -> None:
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(5, dtype=torch.complex64))
    optimizer = torch.optim.Adam([weight], lr=0.1)
    before, after = [], []
    for _ in range(3):
        optimizer.zero_grad()
        (weight * weight.conj() * 3).real.sum().backward()
        before.append(torch.view_as_real(weight.grad).norm().item())  # type: ignore[arg-type]
        if clips:
            torch.nn.utils.clip_grad_norm_([weight], 0.5)
        after.append(torch.view_as_real(weight.grad).norm().item())  # type: ignore[arg-type]
        optimizer.step()
    steps = recording.steps(optimizer, 3)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step.get("norm_post", step["norm_pre"]) for step in steps] == near(after)


@pytest.mark.parametrize("how", ["foreach", "fused", "for loop"])
@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "Adagrad"])
def test_every_implementation(recording: Recording, kind: str, how: str) -> None:
    if how == "fused" and VERSION < (2, 5):
        pytest.skip("no fused optimizers on a CPU yet")
    chosen: Dict[str, Any] = {"foreach": False} if how == "for loop" else {how: True}
    model = network()
    optimizer = getattr(torch.optim, kind)(model.parameters(), lr=0.01, **chosen)
    expected = []
    for step in range(2):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        expected.append(norm(gradients(optimizer)))
        optimizer.step()
    steps = recording.steps(optimizer, 2)
    assert [step["norm_post"] for step in steps] == near(expected)
