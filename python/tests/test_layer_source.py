"""Where the layers of a run come from in the user's code, as the run tells it."""

from __future__ import annotations

import functools
import importlib.util
import linecache
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, Optional

import pytest
import torch
from gradsight._layer_source import MAX_SOURCES, Assignments, LayerCode
from gradsight._module_source import Origin
from recording import Recording
from torch import nn


class Base(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inherited = nn.Linear(2, 2)  # makes inherited


def noted(method: Any) -> Any:
    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return wrapper


class Net(Base):
    @noted
    def __init__(self, wide: bool = False) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(  # makes blocks
            [nn.Linear(2, 2), nn.Linear(2, 2)],
        )
        self.left, self.right = nn.Linear(2, 2), nn.Linear(2, 2)  # makes left  # makes right
        self.register_parameter("scale", nn.Parameter(torch.ones(1)))  # makes scale
        if wide:
            self.either = nn.Linear(2, 2)
        else:
            self.either = nn.Linear(2, 2, bias=False)
        for index in range(1):
            setattr(self, f"numbered{index}", nn.Linear(2, 2))
        self.build()

    def build(this) -> None:
        this.head = nn.Linear(2, 1)  # makes head

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            inputs = self.left(block(inputs)) + self.right(inputs)
        return self.head(self.inherited(self.either(self.numbered0(inputs)))) * self.scale


def line_of(text: str) -> int:
    return next(at for at, line in enumerate(linecache.getlines(__file__), 1) if text in line)


MADE = ["inherited.weight", "blocks.1.bias", "left.weight", "right.weight", "scale", "head.weight"]


def test_a_run_tells_what_makes_its_layers(recording: Recording) -> None:
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    recording.steps(optimizer, 1)
    told = recording.series(optimizer)
    ((table, names),) = told["layers"].items()
    of = {name: told["code"]["sources"][place] for name, place in zip(names, told["code"]["of"][table])}
    for name in MADE:
        assert of[name]["owner"] == "Net"
        assert of[name]["definition"] == {"file": __file__, "line": line_of("class Net(")}
        assert of[name]["assignment"] == {"file": __file__, "line": line_of(f"# makes {name.split('.')[0]}")}, name
    assert of["head.weight"]["module"] == "torch.nn.modules.linear.Linear"
    assert of["scale"]["module"] == f"{__name__}.Net"
    assert told["code"]["of"][table][names.index("blocks.0.bias")] == told["code"]["of"][table][names.index("blocks.1.bias")]


@pytest.mark.parametrize("attribute", ["either", "numbered0", "never"])
def test_of_what_is_not_one_line_there_is_none(attribute: str) -> None:
    assert Assignments().find(Net, attribute) is None


def loaded(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"from_{file.stem}", file)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SOURCE = "from torch import nn\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.head = nn.Linear(1, 1)\n"


@pytest.mark.parametrize(
    ("edited", "line"),
    [
        (SOURCE, 6),
        (f"# one line more\n{SOURCE}", None),
        (SOURCE.replace("    def __init__", "    size = 1\n\n    def __init__"), None),
        ("class Net(:\n", None),
        ("", None),
    ],
)
def test_a_file_that_was_edited_since_tells_nothing(tmp_path: Path, edited: str, line: Optional[int]) -> None:
    file = tmp_path / "model.py"
    file.write_text(SOURCE)
    kind = loaded(file).Net
    file.write_text(edited)
    found = Assignments().find(kind, "head")
    assert (found and found.line) == line


def test_a_model_of_a_library_has_classes_and_no_places() -> None:
    found = Origin(nn.Linear, None, "0")
    told = LayerCode({"0.weight": found}).of({"t": ["0.weight", "elsewhere"]})
    source = {"module": "torch.nn.modules.linear.Linear", "owner": None, "definition": None, "assignment": None}
    assert told == {"sources": [source], "of": {"t": [0, None]}}


def test_where_no_layer_is_known_nothing_is_told() -> None:
    assert LayerCode({}).of({"t": ["parameter 0"]}) is None


def test_a_table_that_comes_later_is_told_too() -> None:
    origins = {"0.weight": Origin(nn.Linear, None, "0"), "1.weight": Origin(nn.Conv1d, None, "1")}
    code = LayerCode(origins)
    code.of({"t": ["0.weight"]})
    told = code.of({"t": ["0.weight"], "u": ["1.weight", "0.weight"]})
    assert told is not None and told["of"] == {"t": [0], "u": [1, 0]}


def test_sources_are_bounded() -> None:
    origins: Dict[str, Origin] = {str(at): Origin(nn.Linear, None, str(at)) for at in range(MAX_SOURCES + 2)}
    names: List[str] = [*origins, "0"]
    told = LayerCode(origins).of({"t": names})
    assert told is not None and len(told["sources"]) == MAX_SOURCES
    assert told["of"]["t"][-4:] == [MAX_SOURCES - 1, None, None, 0]
