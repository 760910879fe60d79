"""``torch.compile``: what is compiled still compiles, as whole as before, and what is compiled away is a gap."""

from __future__ import annotations

import importlib
from typing import Any, List

import pytest
import torch
from recording import Recording
from torch import nn
from torch.nn.utils import clip_grad_norm_ as bound_before  # before the hooks are in place
from torch_training import VERSION, Seen, loss_of, near, network

if not hasattr(torch, "compile"):
    pytest.skip("needs PyTorch 2.0 or later", allow_module_level=True)
importlib.import_module("torch._dynamo")


class Graphs:
    """A backend that counts the graphs it is given, and runs them as they are."""

    def __init__(self) -> None:
        torch._dynamo.reset()
        self.count = 0

    def __call__(self, graph: Any, inputs: Any) -> Any:
        self.count += 1
        return graph.forward


def test_a_compiled_model_is_recorded_as_any_other(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    losses: List[float] = []
    for step in range(4):
        optimizer.zero_grad()
        loss = loss_of(compiled, step)
        losses.append(loss.item())
        loss.backward()
        bound_before(model.parameters(), 1.0)
        optimizer.step()
    steps = recording.steps(optimizer, 4)
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)
    assert [step["loss"] for step in steps] == near(losses)
    assert set(recording.layers(optimizer)[0]) == {name for name, _ in model.named_parameters()}


def test_pytorch_s_own_optimizers_are_recorded_once_something_was_compiled(recording: Recording) -> None:
    torch.compile(network(), backend=Graphs())(torch.ones(1, 6))
    for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.RAdam):
        model = network()
        optimizer: Any = kind(model.parameters(), lr=0.01)
        for step in range(2):
            loss_of(model, step).backward()
            optimizer.step()
            optimizer.zero_grad()
        assert len(recording.steps(optimizer, 2)) == 2


@pytest.mark.skipif(VERSION < (2, 3), reason="no graph takes a clip in yet")
@pytest.mark.parametrize("bound", [False, True])
def test_clipping_compiles_as_one_graph(recording: Recording, bound: bool) -> None:
    model, graphs = network(), Graphs()
    optimizer = Seen(model.parameters())

    def clipped() -> Any:
        if bound:
            return bound_before(model.parameters(), 1.0)
        return torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)

    compiled = torch.compile(clipped, fullgraph=True, backend=graphs)
    for step in range(3):
        optimizer.zero_grad(set_to_none=False)
        loss_of(model, step).backward()
        compiled()
        optimizer.step()
    assert graphs.count == 1
    steps = recording.steps(optimizer, 3)
    # The clip runs in the graph: what the update is given is known, that it was clipped is not.
    assert [step["norm_pre"] for step in steps] == near(optimizer.seen)
    assert all("threshold" not in step for step in steps)


@pytest.mark.skipif(not hasattr(torch._dynamo.config, "trace_autograd_ops"), reason="no such graphs yet")
@pytest.mark.parametrize("backward", [False, True])
def test_a_step_of_its_own_making_compiles_as_one_graph(recording: Recording, backward: bool) -> None:
    weight = nn.Parameter(torch.ones(3))
    graphs = Graphs()

    @torch.compile(fullgraph=True, backend=graphs)
    def step(inputs: torch.Tensor) -> torch.Tensor:
        loss = (weight * inputs).pow(2).sum()
        if backward:
            loss.backward()
            gradient: Any = weight.grad
        else:
            (gradient,) = torch.autograd.grad(loss, [weight])
        with torch.no_grad():
            weight.sub_(0.1 * gradient)
        return loss.detach()

    with torch._dynamo.config.patch(trace_autograd_ops=True):
        for _ in range(3):
            step(torch.ones(3))
            weight.grad = None
    assert graphs.count == 1


@pytest.mark.skipif(VERSION < (2, 3), reason="no graph takes an update in yet, or tells of the weights that it changed")
def test_updates_that_are_compiled_away_are_a_gap(recording: Recording) -> None:
    model, graphs = network(), Graphs()
    optimizer = torch.optim.Adam(model.parameters(), lr=torch.tensor(0.01))
    compiled = torch.compile(optimizer.step, backend=graphs)
    for step in range(7):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        if step in (0, 1, 5, 6):
            optimizer.step()
        else:
            compiled()
    recording.hub.wait_for_steps(recording._id(optimizer), 4)
    assert [step["step"] for step in recording.hub.steps(recording._id(optimizer))] == [0, 1, 5, 6]
    (event,) = recording.events(optimizer, 1)
    assert (event["kind"], event["step"]) == ("warning", 2)
    assert "torch.compile" in event["message"]


def test_no_update_is_made_up_where_weights_change_otherwise(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    torch.compile(torch.optim.Adam(network(1).parameters(), lr=torch.tensor(0.1)).step, backend=Graphs())
    for step in range(3):
        loss_of(model, step).backward()
        optimizer.step()
        optimizer.zero_grad()
        with torch.no_grad():  # as for the critic of a Wasserstein GAN
            for parameter in model.parameters():
                parameter.clamp_(-0.5, 0.5)
    assert len(recording.steps(optimizer, 3)) == 3
