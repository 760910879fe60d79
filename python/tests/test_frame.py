"""Frames: byte for byte those of the golden vectors, which the hub's tests read, and readable by safetensors."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Dict

import pytest
from conftest import ROOT
from gradsight import _scalars
from gradsight._frame import ITEM_SIZE, column, encode_frame
from gradsight._scalars import LOSS, NORM_PRE, SCALARS
from gradsight._series import LayerSample, Row, Series, encode_rows
from safetensors.numpy import load

GOLDEN = ROOT / "protocol" / "golden"
INDEX = json.loads((GOLDEN / "index.json").read_text(encoding="utf-8"))


def numbers(values: Any) -> Any:
    return [float(value) if isinstance(value, str) else value for value in values]


@pytest.mark.parametrize("golden", INDEX["frames"], ids=lambda golden: golden["file"])
def test_encodes_the_golden_frames(golden: Dict[str, Any]) -> None:
    columns = {
        name: column(described["dtype"], numbers(described["values"]), described["shape"])
        for name, described in golden["columns"].items()
    }
    assert encode_frame(columns, golden["metadata"]) == (GOLDEN / golden["file"]).read_bytes()


@pytest.mark.parametrize("golden", INDEX["frames"], ids=lambda golden: golden["file"])
def test_safetensors_reads_the_golden_frames(golden: Dict[str, Any]) -> None:
    loaded = load((GOLDEN / golden["file"]).read_bytes())
    assert loaded.keys() == golden["columns"].keys()
    for name, described in golden["columns"].items():
        assert list(loaded[name].shape) == described["shape"]
        assert loaded[name].dtype.itemsize == ITEM_SIZE[described["dtype"]]
        for found, expected in zip(loaded[name].reshape(-1).tolist(), numbers(described["values"])):
            assert found == expected or math.isnan(found) and math.isnan(expected)


def test_tells_what_was_not_recorded_from_what_was_nan() -> None:
    nothing: list = [None] * len(SCALARS)
    first, second = list(nothing), list(nothing)
    first[NORM_PRE], second[LOSS] = math.nan, 2.0
    columns = load(encode_frame(encode_rows([Row(3, 1.0, first, 0), Row(4, 2.0, second, 1)]), {}))
    assert columns.keys() == {"step", "time", "norm_pre", "loss", "present", "flags"}
    assert columns["present"].tolist() == [1 << NORM_PRE, 1 << LOSS]
    assert columns["step"].tolist() == [3, 4]
    assert columns["flags"].tolist() == [0, 1]
    assert columns["loss"][1] == 2.0


def test_layer_samples_of_two_tables_go_into_two_frames() -> None:
    from array import array

    series = Series("s", "s", None, None)
    tables = [series.add_layers(["a", "b"]), series.add_layers(["a"]), series.add_layers(["a", "b"])]
    assert tables == ["layers-0", "layers-1", "layers-0"]
    for step, table in enumerate(tables):
        norms = array("f", range(len(series.layers[table])))
        series.samples.append(LayerSample(step, table, norms))
    batches = list(series.batches())
    assert [batch.table for batch in batches] == ["layers-0", "layers-1", "layers-0"]
    assert [batch.columns()["layer_norm"].shape for batch in batches] == [(1, 2), (1, 1), (1, 2)]


def test_scalars_mirror_the_protocol() -> None:
    source = (ROOT / "protocol" / "scalars.ts").read_text(encoding="utf-8")
    bits = re.findall(r"^  (\w+): \{ bit: (\d+)", source, re.M)
    assert [name for name, _ in bits] == list(SCALARS)
    assert [int(bit) for _, bit in bits] == list(range(len(SCALARS)))
    flags = dict(re.findall(r"^  (\w+): (\d+),", source[source.index("STEP_FLAGS") :], re.M))
    ours = {"skipped": _scalars.SKIPPED, "postDerived": _scalars.POST_DERIVED, "byValue": _scalars.BY_VALUE}
    assert {name: int(value) for name, value in flags.items()} == ours


def test_rows_with_other_parameter_groups_go_into_another_frame() -> None:
    series = Series("s", "s", None, None)
    values: list = [None] * len(SCALARS)
    for step, rates in enumerate([(), (0.1, 0.2), (0.3, 0.4), (0.1, 0.2, 0.3)]):
        series.rows.append(Row(step, float(step), values, 0, rates))
    batches = list(series.batches())
    assert [[row.step for row in batch.rows] for batch in batches] == [[0], [1, 2], [3]]
    assert ["group_lr" in batch.columns() and batch.columns()["group_lr"].shape for batch in batches] == [
        False,
        (2, 2),
        (1, 3),
    ]


def test_weights_are_of_the_samples_that_have_them() -> None:
    from array import array

    series = Series("s", "s", None, None)
    table = series.add_layers(["a", "b"])
    for step, weights in enumerate([None, array("f", [3, 4]), None]):
        series.samples.append(LayerSample(step, table, array("f", [1, 2]), weights))
    (batch,) = series.batches()
    columns = load(encode_frame(batch.columns(), {}))
    assert columns["layer_step"].tolist() == [0, 1, 2]
    assert columns["weight_step"].tolist() == [1]
    assert columns["weight_norm"].tolist() == [[3, 4]]
