"""Clipping by a norm that the script has put together itself, of gradients that are spread over ranks.

The other ranks of the group are played by this process: nothing of ours may ask them for anything.
"""

from __future__ import annotations

import math
from typing import Any, Iterator, List

import pytest
import torch
from recording import Recording
from testing_hub import POST_DERIVED
from torch_training import near

tensors = pytest.importorskip("torch.distributed.tensor", reason="this PyTorch has no distributed tensors")
fake = pytest.importorskip("torch.testing._internal.distributed.fake_pg")
if not hasattr(torch.nn.utils, "clip_grads_with_norm_"):
    pytest.skip("there is no such function yet", allow_module_level=True)

RANKS = 4
LOCAL = [[3.0, 4.0], [12.0]]
"""The gradients of this rank: their norms are 5 and 12, and 13 together."""


@pytest.fixture(autouse=True)
def group() -> Iterator[None]:
    torch.distributed.init_process_group("fake", store=fake.FakeStore(), rank=0, world_size=RANKS)
    yield
    torch.distributed.destroy_process_group()


def spread(local: List[float]) -> Any:
    mesh = torch.distributed.device_mesh.init_device_mesh("cpu", (RANKS,))
    return tensors.DTensor.from_local(torch.tensor(local), mesh, [tensors.Shard(0)], run_check=False)


@pytest.fixture
def optimizer() -> torch.optim.Optimizer:
    parameters = [torch.nn.Parameter(spread([1.0] * len(local))) for local in LOCAL]
    for parameter, local in zip(parameters, LOCAL):
        parameter.grad = spread(local)
    return torch.optim.SGD(parameters, lr=0.0)


def parameters_of(optimizer: torch.optim.Optimizer) -> List[Any]:
    (group,) = optimizer.param_groups
    return list(group["params"])


def check_layers(recording: Recording, optimizer: torch.optim.Optimizer) -> None:
    assert list(recording.layers(optimizer)[0].values()) == near([5.0, 12.0])
    frames = [frame["metadata"] for frame in recording.hub.received.values() if "columns" in frame]
    assert {metadata["shares"] for metadata in frames if "layers" in metadata} == {"1"}


def test_a_whole_norm(recording: Recording, optimizer: torch.optim.Optimizer) -> None:
    """As scripts do that make it whole before they clip by it."""
    torch.nn.utils.clip_grads_with_norm_(parameters_of(optimizer), 1.0, torch.tensor(26.0))
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert (step["norm_pre"], step["norm_post"], step["threshold"]) == near((26.0, 1.0, 1.0))
    assert step["flags"] == POST_DERIVED and "shard_pre" not in step
    check_layers(recording, optimizer)


def test_a_norm_of_pytorch_s_own(recording: Recording, optimizer: torch.optim.Optimizer) -> None:
    """Whose norms of the gradients are those of the layers."""
    total = torch.nn.utils.get_total_norm([parameter.grad for parameter in parameters_of(optimizer)])
    torch.nn.utils.clip_grads_with_norm_(parameters_of(optimizer), 1.0, total)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["threshold"] == 1.0
    check_layers(recording, optimizer)


def test_a_norm_that_is_spread_itself(recording: Recording, optimizer: torch.optim.Optimizer) -> None:
    """Each rank has a share of it, and what the clip leaves is not worked out from a share."""
    partial = pytest.importorskip("torch.distributed.tensor._ops._math_ops")._NormPartial(2.0)
    mesh = torch.distributed.device_mesh.init_device_mesh("cpu", (RANKS,))
    total = tensors.DTensor.from_local(torch.tensor(13.0), mesh, [partial], run_check=False)
    torch.nn.utils.clip_grads_with_norm_(parameters_of(optimizer), 1.0, total)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert (step["shard_pre"], step["threshold"]) == near((13.0, 1.0))
    seen = [parameter.grad.to_local() for parameter in parameters_of(optimizer)]
    assert step["shard_post"] == near(math.hypot(*(float(value) for gradient in seen for value in gradient)))
    assert step["flags"] == 0 and not {"norm_pre", "norm_post"} & set(step)
    check_layers(recording, optimizer)
