"""A sweep's results, for people and for programs."""

from __future__ import annotations

from statistics import mean
from typing import Any, Dict, List, NamedTuple, Optional

from .._trial import OWN
from .trials import FINISHED, Result
from .verdict import Verdict, named


class Line(NamedTuple):
    """One setting, over its seeds."""

    setting: str
    threshold: Optional[float]
    """The one in force; None: no clipping by norm."""
    losses: List[float]
    """Of the trials that came to their end, by seed."""
    steps: int
    """The fewest."""
    clip_rate: Optional[float]
    outcome: str


def lines(settings: List[str], results: List[Result]) -> List[Line]:
    """In the order of the settings, those that were tried."""
    found = []
    for setting in settings:
        own = sorted((result for result in results if result.setting == setting), key=lambda result: result.seed)
        if own:
            done = [result for result in own if result.outcome == FINISHED and result.loss is not None]
            rates = [result.clip_rate for result in own if result.clip_rate is not None]
            bad = [result for result in own if result.outcome != FINISHED]
            found.append(
                Line(
                    setting=setting,
                    threshold=next((result.threshold for result in own if result.threshold is not None), None),
                    losses=[result.loss for result in done if result.loss is not None],
                    steps=min(result.steps for result in own),
                    clip_rate=mean(rates) if rates else None,
                    outcome="; ".join(dict.fromkeys(f"{result.outcome}: {result.reason}" for result in bad)) or FINISHED,
                )
            )
    return found


def as_text(short: List[Line], longer: List[Line], verdict: Verdict, notes: List[str]) -> str:
    rows = [["threshold", "final loss", "steps", "clipped", "outcome"]]
    for line in short + longer:
        rate = "" if line.clip_rate is None else f"{line.clip_rate:.0%}"
        rows.append([_name(line), _loss(line.losses), str(line.steps), rate, line.outcome])
    widths = [max(map(len, column)) for column in zip(*rows)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    head = "No winner" if verdict.winner is None else f"The winner is {named(verdict.winner)}"
    return "\n".join([*text, "", f"{head}. {verdict.reason}", *notes])


def as_json(short: List[Line], longer: List[Line], verdict: Verdict, notes: List[str]) -> Dict[str, Any]:
    return {
        "settings": [line._asdict() for line in short],
        "longer": [line._asdict() for line in longer],
        "winner": verdict.winner,
        "reason": verdict.reason,
        "notes": notes,
    }


def _name(line: Line) -> str:
    if line.setting != OWN:
        return named(line.setting)
    return "as it is (no clipping)" if line.threshold is None else f"as it is ({line.threshold:g})"


def _loss(losses: List[float]) -> str:
    """The mean and, of several, half of the range."""
    if not losses:
        return "-"
    spread = f" ± {(max(losses) - min(losses)) / 2:.2g}" if len(losses) > 1 else ""
    return f"{mean(losses):.5g}{spread}"
