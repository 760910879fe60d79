"""Parameters' names in the tree of modules, and the classes of the user's that they come from."""

from __future__ import annotations

import linecache
import math
import sys
from typing import Any, Dict, Optional

import pytest
import torch
from gradsight._module_source import Origin, class_location, origin
from gradsight._naming import parameter_names
from gradsight._protocol import Location
from recording import Recording
from torch import nn
from torch_training import near


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.layers(inputs)


class Named(nn.Linear):
    """No method of its own."""


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = Named(2, 1)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            inputs = block(inputs)
        return self.head(inputs) * self.scale


ORIGINS = {
    "blocks.1.layers.2.bias": Origin(nn.Linear, Block, "layers"),
    "head.weight": Origin(Named, Named, "weight"),
    "scale": Origin(Model, Model, "scale"),
}


def line_of(kind: type) -> int:
    text = f"class {kind.__name__}("
    return next(number for number, line in enumerate(linecache.getlines(__file__), 1) if line.startswith(text))


@pytest.mark.parametrize("name", ORIGINS)
def test_the_innermost_class_that_is_the_user_s(name: str) -> None:
    assert origin(Model(), name) == ORIGINS[name]


@pytest.mark.parametrize("kind", [Block, Named, Model])
def test_where_a_class_stands(kind: type) -> None:
    assert class_location(kind) == Location(__file__, line_of(kind))


def test_a_class_of_a_library_has_no_place() -> None:
    assert class_location(nn.Linear) is None
    assert origin(nn.Sequential(nn.Linear(1, 1)), "0.weight") == Origin(nn.Linear, None, "0")


def test_a_class_without_a_source_has_no_place() -> None:
    scope: Dict[str, Any] = {"nn": nn}
    exec("class Typed(nn.Module):\n    def forward(self, x): return x", scope)
    assert class_location(scope["Typed"]) is None
    assert class_location(type("Made", (nn.Module,), {})) is None


def test_names_are_paths_in_the_model() -> None:
    model = Model()
    origins: Dict[str, Origin] = {}
    names = parameter_names(sys._getframe(), [{"params": list(model.parameters())}], origins)
    assert names == {id(parameter): name for name, parameter in model.named_parameters()}
    assert {name: origins[name] for name in ORIGINS} == ORIGINS


def test_tells_where_the_layer_stands_that_went_bad(recording: Recording) -> None:
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.ones(1, 2)).sum().backward()
    gradient: Optional[torch.Tensor] = model.get_parameter("blocks.1.layers.0.bias").grad
    assert gradient is not None
    gradient[0] = math.nan
    optimizer.step()
    (event,) = recording.events(optimizer, 1)
    assert event["data"]["parameter"] == "blocks.1.layers.0.bias"
    assert (event["data"]["file"], event["data"]["line"]) == (__file__, line_of(Block))
    assert recording.layers(optimizer)[0]["head.weight"] == near(model.head.weight.grad.norm().item())
