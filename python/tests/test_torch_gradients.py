"""Gradients of all kinds: sparse, of several types, and by every implementation of an optimizer."""

from __future__ import annotations

import pytest
import torch
from recording import Recording, gradients, norm
from torch import nn


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
    assert step["norm_pre"] == pytest.approx(expected, rel=1e-3)
