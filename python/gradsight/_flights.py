"""The recordings that runs have left: reading them, and keeping only so many."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import _flight_file
from ._checkpoints import Checkpoint
from ._frame import decode_frame, numbers
from ._scalars import SCALARS
from ._spill import FRAME

KEPT_FILES = 50
KEPT_BYTES = 128 * 1024 * 1024
KEPT_SECONDS = 30 * 24 * 3600

NONFINITE, EXPLOSION = "nonfinite", "explosion"
LAST, INCIDENT = "last", "incident"
"""The parts of a recording: its last steps, and those that led to the incident."""


class Step(NamedTuple):
    """One update: the scalars that were recorded, and the norm of each layer's gradient, where it was taken."""

    number: int
    time: float
    flags: int
    scalars: Dict[str, float]
    layers: Dict[str, float]


class Flight(NamedTuple):
    path: str
    hello: Dict[str, Any]
    written: float
    outcome: Optional[Dict[str, Any]]
    """How the process ended; None if it runs, or ended without a word."""
    running: bool
    incident: Optional[Dict[str, Any]]
    events: List[Dict[str, Any]]
    checkpoints: List[Checkpoint]
    steps: Dict[Tuple[str, str], List[Step]]
    """By part and series."""


def paths(folder: str) -> List[str]:
    """Of all recordings, the latest first."""
    return [path for _, _, path in _files(folder)]


def load(path: str) -> Flight:
    """Raises OSError or ValueError where the file can't be read or is none of ours."""
    header, *frames = _flight_file.read(path)
    told = json.loads(header.payload)
    steps: Dict[Tuple[str, str], Dict[int, Step]] = {}
    try:
        hello = told["hello"]
        tables = {series["id"]: series["layers"] for series in hello["series"]}
        for record in frames:
            if record.kind == FRAME:
                _add_steps(steps, record.payload, tables)
        return Flight(
            path=path,
            hello=hello,
            written=float(told["written"]),
            outcome=told["outcome"],
            running=told["outcome"] is None and _flight_file.is_being_written(path),
            incident=told["incident"],
            events=list(told["events"]),
            checkpoints=[Checkpoint(**checkpoint) for checkpoint in told.get("checkpoints", [])],
            steps={key: list(by_number.values()) for key, by_number in steps.items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is malformed: {error!r}") from error


def _add_steps(steps: Dict[Tuple[str, str], Dict[int, Step]], frame: bytes, tables: Dict[str, Any]) -> None:
    metadata, packed = decode_frame(frame)
    columns = {name: numbers(column) for name, column in packed.items()}
    of_series = steps.setdefault((metadata["part"], metadata["series"]), {})
    for row, number in enumerate(columns["step"]):
        present = int(columns["present"][row])
        scalars = {name: columns[name][row] for bit, name in enumerate(SCALARS) if present >> bit & 1}
        of_series[int(number)] = Step(int(number), columns["time"][row], int(columns["flags"][row]), scalars, {})
    sampled = columns.get("layer_step", [])
    if sampled:
        names = tables[metadata["series"]][metadata["layers"]]
        for row, number in enumerate(sampled):
            norms = columns["layer_norm"][row * len(names) : (row + 1) * len(names)]
            if int(number) in of_series:
                of_series[int(number)].layers.update(zip(names, norms))


def clean_up(folder: str) -> None:
    """Removes the oldest recordings beyond the bounds, but none of a process that still runs."""
    kept = size = 0
    for changed, length, path in _files(folder):
        kept += 1
        size += length
        within = kept <= KEPT_FILES and size <= KEPT_BYTES and time.time() - changed < KEPT_SECONDS
        if not within and not _flight_file.is_being_written(path):
            try:
                os.unlink(path)
            except OSError:  # another process was faster
                pass


def _files(folder: str) -> List[Tuple[float, int, str]]:
    found = []
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return []
    for entry in entries:
        if entry.name.endswith(_flight_file.SUFFIX):
            try:
                status = entry.stat()
            except OSError:
                continue
            found.append((status.st_mtime, status.st_size, entry.path))
    return sorted(found, reverse=True)
