"""A rank's share of a norm, on the ranks of a group that are all played by this process: no share may need another rank."""

from __future__ import annotations

import math
from typing import Any, Iterator

import pytest
import torch

tensors = pytest.importorskip("torch.distributed.tensor", reason="this PyTorch has no distributed tensors")
fake = pytest.importorskip("torch.testing._internal.distributed.fake_pg")

from gradsight.metrics import shard_norm  # noqa: E402

RANKS = 4


@pytest.fixture(autouse=True)
def group() -> Iterator[None]:
    torch.distributed.init_process_group("fake", store=fake.FakeStore(), rank=0, world_size=RANKS)
    yield
    torch.distributed.destroy_process_group()


def mesh(*shape: int) -> Any:
    return torch.distributed.device_mesh.init_device_mesh("cpu", shape, mesh_dim_names=tuple("abc"[: len(shape)]))


def spread(local: Any, over: Any, *placements: Any) -> Any:
    return tensors.DTensor.from_local(torch.as_tensor(local, dtype=torch.float64), over, placements, run_check=False)


def share(*gradients: Any) -> Any:
    with torch.no_grad():
        measured = shard_norm.measure(list(gradients))
    return None if measured is None else float(measured.total)


SHARD, REPLICATE = tensors.Shard(0), tensors.Replicate()


def test_of_shards_it_is_their_norm() -> None:
    line = mesh(RANKS)
    assert share(spread([3.0], line, SHARD), spread([[0.0, 4.0]], line, SHARD)) == pytest.approx(5.0)


def test_of_what_several_ranks_have_it_is_a_part() -> None:
    grid = mesh(2, 2)
    assert share(spread([3.0], grid, REPLICATE, SHARD)) == pytest.approx(3 / math.sqrt(2))
    everywhere = spread([4.0], grid, REPLICATE, REPLICATE)
    assert share(spread([3.0], grid, SHARD, SHARD), everywhere) == pytest.approx(math.sqrt(9 + 16 / 4))


def test_of_shards_whose_parts_are_in_another_order_it_is_their_norm() -> None:
    """As those of FSDP2 over tensor parallelism."""
    strided = pytest.importorskip("torch.distributed.tensor.placement_types")._StridedShard(0, split_factor=2)
    assert share(spread([3.0, 4.0], mesh(2, 2), strided, SHARD)) == pytest.approx(5.0)


def test_an_empty_shard_is_zero() -> None:
    assert share(spread(torch.empty(0, 3), mesh(RANKS), SHARD)) == 0.0


def test_nan_and_infinity_stay() -> None:
    line = mesh(RANKS)
    assert math.isnan(share(spread([math.nan], line, SHARD), spread([1.0], line, REPLICATE)))
    assert math.isinf(share(spread([math.inf], line, SHARD), spread([1.0], line, REPLICATE)))


def test_terms_of_a_sum_have_none() -> None:
    line = mesh(RANKS)
    assert share(spread([3.0], line, SHARD), spread([1.0], line, tensors.Partial())) is None


def test_what_a_part_of_the_ranks_has_has_none() -> None:
    assert share(spread([3.0], mesh(2, 2)["b"], SHARD)) is None


def test_plain_tensors_among_them_have_none() -> None:
    assert share(spread([3.0], mesh(RANKS), SHARD), torch.ones(2)) is None
    assert share(torch.ones(2)) is None
    assert share() is None
