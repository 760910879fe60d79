"""A story as it is shown, on a terminal and in the editor alike: under each heading lines or a table."""

from __future__ import annotations

import math
from typing import Any, Dict, List, NamedTuple, Optional

from . import _protocol, _story
from ._flights import Flight, Step

SHOWN_STEPS = 12
COLUMNS = ("loss", "norm_pre", "norm_post", "threshold", "lr", "loss_scale")
TITLES = {"norm_pre": "norm", "norm_post": "clipped", "loss_scale": "scale"}

Cells = List[str]


class Section(NamedTuple):
    """``table``: rows of cells, the headings first; empty where there are ``lines``."""

    title: str
    lines: List[str]
    table: List[Cells]


def sections(flight: Flight) -> List[Section]:
    """What happened, what led to it, what there is to go on from, and what to change, in this order."""
    story = _story.tell(flight)
    found = [Section("What happened", story.happened, [])]
    if story.steps:
        title = "What led to it" if flight.incident else "The last steps"
        found.append(Section(title, [], _table(story.steps[-SHOWN_STEPS:])))
        layers = _layers(story.steps)
        if layers:
            found.append(Section("Gradient norm of the largest layers", [], layers))
    if story.checkpoints:
        found.append(Section("Checkpoints", story.checkpoints, []))
    if story.changes:
        found.append(Section("What to change", story.changes, []))
    return found


def message(flight: Flight) -> Dict[str, Any]:
    """The story as the editor gets it, as ``protocol/telemetry.ts`` defines it."""
    incident = flight.incident
    return {
        "incident": incident and {key: incident[key] for key in ("kind", "series", "step", "time")},
        "sections": [
            {
                "title": section.title,
                "lines": [_protocol.cut(line, 4096) for line in section.lines],
                "table": [[_protocol.cut(cell, 1024) for cell in row] for row in section.table],
            }
            for section in sections(flight)
        ],
    }


def _table(steps: List[Step]) -> List[Cells]:
    names = [name for name in COLUMNS if any(name in step.scalars for step in steps)]
    rows = [["step", *(TITLES.get(name, name) for name in names)]]
    for step in steps:
        rows.append([str(step.number), *(_cell(step.scalars.get(name)) for name in names)])
    return rows


def _layers(steps: List[Step]) -> List[Cells]:
    """The five largest of the last step that has them all finite, over the last steps that were measured."""
    measured = [step for step in steps if step.layers][-4:]
    whole = [step for step in measured if all(map(math.isfinite, step.layers.values()))]
    if not whole:
        return []
    largest = sorted(whole[-1].layers, key=lambda name: -whole[-1].layers[name])[:5]
    rows = [["step", *(str(step.number) for step in measured)]]
    rows += [[name, *(_cell(step.layers.get(name)) for step in measured)] for name in largest]
    return rows


def _cell(value: Optional[float]) -> str:
    return "-" if value is None else f"{value:.4g}"
