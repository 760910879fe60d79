"""Optimizers that update inside the backward pass: one point a pass, of all parameters together."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
import torch
from recording import Recording, norm
from torch_training import loss_of, near, network

if not hasattr(torch.Tensor, "register_post_accumulate_grad_hook"):
    pytest.skip("needs PyTorch 2.1 or later", allow_module_level=True)


@pytest.mark.parametrize("clips", [False, True])
def test_hooks_that_update_after_accumulating(recording: Recording, clips: bool) -> None:
    model = network()
    optimizers: Dict[Any, Any] = {p: torch.optim.SGD([p], lr=0.01) for p in model.parameters()}
    seen: List[torch.Tensor] = []

    def update(parameter: torch.Tensor) -> None:
        seen.append(parameter.grad.clone())  # type: ignore[union-attr]
        if clips:
            torch.nn.utils.clip_grad_norm_(parameter, 0.5)
        after.append(parameter.grad.clone())  # type: ignore[union-attr]
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    after: List[torch.Tensor] = []
    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(update)
    before, later, losses = [], [], []
    for step in range(5):
        seen.clear()
        after.clear()
        loss = loss_of(model, step)
        losses.append(loss.item())
        loss.backward()
        before.append(norm(seen))
        later.append(norm(after))
    first, *others = optimizers.values()
    steps = recording.steps(first, 5)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step["loss"] for step in steps] == near(losses)
    assert {step["lr"] for step in steps} == {0.01}
    if clips:
        assert [step["norm_post"] for step in steps] == near(later)
        assert all("threshold" not in step for step in steps)  # none holds for the whole
    else:
        assert set(recording.layers(first)[0]) == {name for name, _ in model.named_parameters()}
    assert {recording._id(other) for other in others} == {recording._id(first)}
    series = recording.series(first)
    assert series["label"] == "optimizers"
    assert series["site"]["file"] == __file__


def test_apply_optimizer_in_backward(recording: Recording) -> None:
    apply = pytest.importorskip("torch.distributed.optim")._apply_optimizer_in_backward
    model, twin = network(), network()
    apply(torch.optim.SGD, model.parameters(), {"lr": 0.01})
    expected = []
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.01)
    for step in range(4):
        loss_of(model, step).backward()
        optimizer.zero_grad()
        loss_of(twin, step).backward()
        expected.append(norm([parameter.grad for parameter in twin.parameters()]))
        optimizer.step()
    inner = next(model.parameters())._in_backward_optimizers[0]  # type: ignore[attr-defined]
    steps = recording.steps(inner, 4)
    assert [step["norm_pre"] for step in steps] == near(expected)
    assert len(recording.steps(optimizer, 4)) == 4
    assert set(recording.hub.series) == {"optimizer", recording._id(inner)}


def test_two_models_are_two_series(recording: Recording) -> None:
    models = [network(1), network(2)]
    optimizers = {p: torch.optim.SGD([p], lr=0.01) for model in models for p in model.parameters()}

    def update(parameter: torch.Tensor) -> None:
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for parameter in optimizers:
        parameter.register_post_accumulate_grad_hook(update)
    losses: List[List[float]] = [[], []]
    for step in range(3):
        for index, model in enumerate(models):
            loss = loss_of(model, step)
            losses[index].append(loss.item())
            loss.backward()
    for index, model in enumerate(models):
        steps = recording.steps(optimizers[next(model.parameters())], 3)
        assert [step["loss"] for step in steps] == near(losses[index])
