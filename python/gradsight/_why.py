"""``python -m gradsight why [RUN]``: the story of a run that went wrong, from what the flight recorder has kept."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from typing import Any, Dict, List, Optional, Tuple

from . import _checkpoints, _flights, _sections, _state, _story
from ._checkpoints import Checkpoint
from ._flights import Flight
from ._story import Story


def why(wanted: Optional[str], as_json: bool) -> int:
    """Prints the story of a run, by its id, the beginning of it, its name, its script or a recording's path; of the latest by default.

    Returns the exit code: 1 where there is none.
    """
    flights = _candidates(wanted)
    if not flights:
        which = "No recording" if wanted is None else f"No recording of {wanted!r}"
        sys.stderr.write(f"gradsight: {which} in {_state.flights()}. A run that ends well leaves none.\n")
        for known in [] if wanted is None else _all(_flights.paths(_state.flights())):
            sys.stderr.write(f"  {known.hello['run']['id']}  {known.hello['run']['name']}\n")
        return 1
    first = _first_to_go_bad(flights)
    flight = first._replace(checkpoints=_checkpoints_of(first, flights))
    story = _story.tell(flight)
    if as_json:
        print(json.dumps(_as_json(flight, story), indent=2, allow_nan=False))
    else:
        print(_as_text(flight, story, [other for other in flights if other is not first]))
    return 0


def _candidates(wanted: Optional[str]) -> List[Flight]:
    """The recordings of one run: one for each rank and start of it."""
    found = _all(_flights.paths(_state.flights()))
    if wanted is not None:
        if os.path.isfile(wanted):  # the script's name is the run's, and mostly one stands beside the script
            recording = _all([wanted])
            if recording:
                return recording
        found = _meant(wanted, [(flight, flight.hello["run"]) for flight in found])
    gone_wrong = [flight for flight in found if flight.incident is not None or not flight.running]
    latest = next(iter(gone_wrong or found), None)
    return [flight for flight in found if latest and flight.hello["run"]["id"] == latest.hello["run"]["id"]]


def _meant(wanted: str, known: List[Tuple[Flight, Dict[str, Any]]]) -> List[Flight]:
    """By the beginning of the id, else by the script's path, since a name may be that of several, else by the name."""
    script = os.path.abspath(wanted)
    return (
        [flight for flight, run in known if run["id"].startswith(wanted)]
        or [flight for flight, run in known if run["script"] == script]
        or [flight for flight, run in known if run["name"] == wanted]
    )


def _all(paths: List[str]) -> List[Flight]:
    found = []
    for path in paths:
        try:
            found.append(_flights.load(path))
        except (OSError, ValueError):  # of another version, or damaged
            continue
    return found


def _first_to_go_bad(flights: List[Flight]) -> Flight:
    """Of the latest start: a rank that goes bad takes the others along, so that the first one has the story."""
    bad = [flight for flight in flights if flight.incident is not None]
    if bad:
        return min(bad, key=lambda flight: float((flight.incident or {})["time"]))
    return min(flights, key=lambda flight: (flight.running, flight.outcome is not None, flight.written))


def _checkpoints_of(flight: Flight, flights: List[Flight]) -> List[Checkpoint]:
    """Of several ranks one tells of them."""
    group = flight.hello["group"]
    ranks = [other for other in flights if other is not flight and group is not None and other.hello["group"] == group]
    return [*flight.checkpoints, *(checkpoint for other in ranks for checkpoint in other.checkpoints)]


def _as_text(flight: Flight, story: Story, others: List[Flight]) -> str:
    started = time.strftime("%Y-%m-%d %H:%M", time.localtime(flight.hello["run"]["startedAt"]))
    parts = [f"{story.title}, started {started}\n{story.ended}"]  # the latest recording may not be of the latest start
    for section in _sections.sections(flight):
        parts.append("\n".join([section.title, *_indented(section.lines), *_aligned(section.table)]))
    if flight.outcome and flight.outcome["error"] and flight.outcome["status"] == "failed":
        parts.append("\n".join(["What it failed with", *_indented(str(flight.outcome["error"]).rstrip().splitlines())]))
    if others:
        ranks = ", ".join(sorted({str(other.hello["rank"]) for other in others}))
        parts.append(f"Other recordings of this run: {len(others)} (rank {ranks}).")
    return "\n\n".join(parts)


def _indented(lines: List[str]) -> List[str]:
    return [f"  {line}" for line in lines]


def _aligned(rows: List[List[str]]) -> List[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows]


def _as_json(flight: Flight, story: Story) -> Dict[str, Any]:
    before, after = _checkpoints.choose(flight.checkpoints, flight.incident, flight.hello["run"]["host"])
    return {
        "run": flight.hello["run"],
        "rank": flight.hello["rank"],
        "attempt": flight.hello["attempt"],
        "running": flight.running,
        "outcome": flight.outcome,
        "incident": flight.incident,
        "ended": story.ended,
        "happened": story.happened,
        "checkpoints": {"before": before and before._asdict(), "after": after and after._asdict()},
        "changes": story.changes,
        "steps": [
            {
                "step": step.number,
                "time": step.time,
                "flags": step.flags,
                **{name: _json_number(value) for name, value in step.scalars.items()},
                "layers": {name: _json_number(value) for name, value in step.layers.items()},
            }
            for step in story.steps
        ],
        "recording": flight.path,
    }


def _json_number(value: float) -> Any:
    """JSON has neither NaN nor infinity: they are strings, as in the events of a run."""
    return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
