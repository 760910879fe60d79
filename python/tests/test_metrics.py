"""The metrics, each against NumPy in double precision, or against what autograd and the optimizers of PyTorch do."""

from __future__ import annotations

import math
import time
from typing import Any, List

import numpy as np
import pytest
import torch
from gradsight.metrics import gradient_norm, update_ratio
from gradsight.metrics.clip_factor import clip_factor
from gradsight.metrics.learning_rate import learning_rates
from gradsight.metrics.nonfinite import Bad, bad_elements, bad_norms
from gradsight.metrics.time_budget import TimeBudget
from gradsight.metrics.weight_norm import weight_norms

FLOAT = 1e-6
"""Single precision, relative; sums of a thousand squares lose no more of it."""


def oracle(tensors: List[torch.Tensor]) -> float:
    parts = [tensor.detach().to_dense().to(torch.complex128).numpy().reshape(-1) for tensor in tensors]
    return float(np.linalg.norm(np.concatenate(parts)))


def tensors(*kinds: torch.dtype) -> List[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [
        torch.randn(7 * index + 3, 5, generator=generator, dtype=kind if kind.is_complex else torch.float64).to(kind)
        for index, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    "kinds",
    [
        (torch.float32,) * 20,
        (torch.float64,) * 3,
        (torch.float32, torch.float64, torch.float32),
        (torch.complex64,) * 3,
        (torch.complex128, torch.float32),
        (torch.bfloat16, torch.float16, torch.float32),
    ],
    ids=str,
)
def test_gradient_norm(kinds: Any) -> None:
    given = tensors(*kinds)
    norms = gradient_norm.measure(given)
    assert norms is not None
    exact = 1e-14 if set(kinds) <= {torch.float64, torch.complex128} else FLOAT
    assert norms.total.item() == pytest.approx(oracle(given), rel=exact)
    assert norms.each.tolist() == pytest.approx([oracle([tensor]) for tensor in given], rel=exact)


def test_gradient_norm_is_no_part_of_a_graph() -> None:
    norms = gradient_norm.measure([torch.ones(3, requires_grad=True), torch.ones(2, requires_grad=True)])
    assert norms is not None and not norms.each.requires_grad and not norms.total.requires_grad


def test_gradient_norm_of_nothing() -> None:
    assert gradient_norm.measure([]) is None
    empty = gradient_norm.measure([torch.empty(0)])
    assert empty is not None and empty.total.item() == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.complex64])
def test_gradient_norm_is_infinite_only_for_infinite_elements(dtype: torch.dtype) -> None:
    largest = [torch.full((64,), 0.9 * torch.finfo(dtype).max, dtype=dtype) for _ in range(3)]
    norms = gradient_norm.measure(largest)
    assert norms is not None and norms.total.item() == pytest.approx(oracle(largest), rel=1e-3)
    largest[1][3] = math.inf
    norms = gradient_norm.measure(largest)
    assert norms is not None and norms.total.item() == math.inf
    assert [math.isinf(norm) for norm in norms.each.tolist()] == [False, True, False]
    largest[0][0] = math.nan
    norms = gradient_norm.measure(largest)
    assert norms is not None and math.isnan(norms.total.item())


def test_a_sparse_gradient_counts_as_the_dense_one_that_it_stands_for() -> None:
    table = torch.nn.Embedding(10, 4, sparse=True)
    dense = torch.nn.Embedding(10, 4)
    chosen = torch.tensor([1, 1, 2, 1])
    for embedding in (table, dense):
        (embedding(chosen) * torch.arange(16.0).reshape(4, 4)).sum().backward()
    assert table.weight.grad is not None and dense.weight.grad is not None
    table.weight.grad = torch.sparse_coo_tensor(table.weight.grad._indices(), table.weight.grad._values(), (10, 4))
    having, given = gradient_norm.gradients([table.weight, torch.nn.Parameter(torch.ones(1))])
    assert len(having) == 1 and having[0] is table.weight
    norms = gradient_norm.measure(given)
    assert norms is not None and norms.total.item() == pytest.approx(oracle([dense.weight.grad]), rel=FLOAT)


@pytest.mark.parametrize("norm", [0.0, 0.5, 1.0, 30.0, math.inf, math.nan])
def test_clip_factor(norm: float) -> None:
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    weight.grad = torch.full((1,), norm, dtype=torch.float64)
    torch.nn.utils.clip_grad_norm_([weight], 1.0)
    assert norm * clip_factor(norm, 1.0) == pytest.approx(weight.grad.item(), rel=1e-12, nan_ok=True)


def test_learning_rates() -> None:
    groups: Any = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": lr} for lr in (0.1, 0.2)]
    assert learning_rates(torch.optim.SGD(groups, lr=1.0)) == [0.1, 0.2]
    assert learning_rates(torch.optim.Optimizer(groups[0]["params"], {})) == [None]


def test_weight_norms() -> None:
    weights = [torch.nn.Parameter(tensor) for tensor in tensors(torch.float32, torch.float64, torch.bfloat16)]
    with torch.no_grad():
        found = weight_norms(weights)
    assert found is not None
    assert found.tolist() == pytest.approx([oracle([weight]) for weight in weights], rel=FLOAT)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "LBFGS"])
def test_update_ratio(kind: str) -> None:
    weights = [torch.nn.Parameter(tensor) for tensor in tensors(*[torch.float32] * 3)]
    frozen = torch.nn.Parameter(torch.full((1000,), 5.0), requires_grad=False)
    optimizer = getattr(torch.optim, kind)([*weights, frozen], lr=0.01)
    before = [weight.detach().double().clone() for weight in weights]

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = torch.stack([(weight**2).sum() for weight in weights]).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        measuring = update_ratio.begin(optimizer)
    optimizer.step(closure)
    moved = [after.detach().double() - weight for after, weight in zip(weights, before)]
    with torch.no_grad():
        found: Any = measuring and measuring.measure()
        ratio = found.ratio
    # Of two nearly equal numbers in single precision the difference has fewer digits.
    assert ratio.item() == pytest.approx(oracle(moved) / oracle(before), rel=1e-4)


def test_update_ratio_copies_no_large_model(monkeypatch: pytest.MonkeyPatch) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(100))], lr=0.1)
    assert update_ratio.begin(optimizer) is not None
    monkeypatch.setattr(update_ratio, "MAX_BYTES", 399)
    assert update_ratio.begin(optimizer) is None


def test_bad_gradients_are_counted() -> None:
    names = ["a", "b", "c"]
    given = tensors(torch.float32, torch.complex64, torch.float32)
    assert bad_elements(given, names) is None
    given[1][0, 0] = complex(math.nan, 1)
    given[2][0, :2] = math.inf
    assert bad_elements(given, names) == Bad("b", 2, 3)
    assert bad_norms([1.0, math.nan, math.inf], names) == Bad("b", 2, None)
    assert bad_norms([1.0, 2.0, 3.0], names) is None


def test_time_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    budget, rare = TimeBudget(0.01), TimeBudget(0.01, at_least=50)
    assert budget.due()
    now[0] += 0.1
    for each in (budget, rare):
        each.spent(100.0)
    now[0] += 0.1
    budget.spent(now[0] - 0.1)  # the second part of the same measurement
    now[0] += 19.7
    assert not budget.due()
    now[0] += 0.2
    assert budget.due() and not rare.due()
    now[0] += 31
    assert rare.due()
