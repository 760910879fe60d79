"""The messages of ``protocol/telemetry.ts`` as the probe writes them. What is too long for the hub is cut here."""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Union

PROTOCOL_VERSION = 1
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
MAX_ERROR = 65_536
EPOCH, CHECKPOINT = "epoch", "checkpoint"
"""Kinds of events that are marks: they say where the training is, and nothing of how it goes."""


class Location(NamedTuple):
    """A place in the user's code; ``line`` is 1-based, in a notebook within its cell, of whose text ``cell`` is the hash."""

    file: str
    line: int
    cell: Optional[str] = None


class Clip(NamedTuple):
    """Where and by which function a series is clipped; ``kind`` is "norm", "value", "adaptive" or "other"."""

    kind: str
    function: str
    location: Optional[Location]


LAST_STEP = 2**53 - 1
"""The last number up to which the other side can count."""


def step_number(step: Any) -> int:
    """The number of a step that a script names, as an ``int``, which a NumPy scalar or a tensor is not.

    :raises ValueError: it is none that the other side takes; what ``int()`` raises: it is no number at all.
    """
    number = int(step)
    if not 0 <= number <= LAST_STEP:
        raise ValueError(f"{step} is no number of a step")
    return number


def cut(text: str, limit: int) -> str:
    """At most ``limit`` UTF-16 units of ``text``, which is how the other side counts."""
    if len(text) * 2 <= limit:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= limit * 2:
        return text
    return units[: (limit - 1) * 2].decode("utf-16-le", "ignore") + "…"


def location(place: Optional[Location]) -> Optional[Dict[str, Any]]:
    if place is None:
        return None
    told: Dict[str, Any] = {"file": cut(place.file, 4096), "line": place.line}
    return told if place.cell is None else {**told, "cell": place.cell}


def clip_site(clip: Optional[Clip]) -> Optional[Dict[str, Any]]:
    if clip is None:
        return None
    return {"kind": clip.kind, "function": clip.function, "location": location(clip.location)}


def series_info(
    id: str,
    label: str,
    optimizer: Optional[str],
    site: Optional[Location],
    clip: Optional[Clip],
    layers: Mapping[str, List[str]],
    code: Optional[Mapping[str, Any]],
    fixed: Optional[str],
) -> Dict[str, Any]:
    return {
        "id": id,
        "label": cut(label, 256),
        "optimizer": optimizer and cut(optimizer, 256),
        "site": location(site),
        "clip": clip_site(clip),
        "layers": {table: [cut(name, 1024) for name in names] for table, names in layers.items()},
        "code": code,
        "fixed": fixed,
    }


def event(
    kind: str,
    message: str,
    time: float,
    series: Optional[str],
    step: Optional[int],
    data: Mapping[str, Union[str, float, None]],
) -> Dict[str, Any]:
    return {
        "kind": kind,
        "series": series,
        "step": step,
        "time": time,
        "message": cut(message, 4096),
        "data": {key: _event_value(value) for key, value in data.items()},
    }


def _event_value(value: Union[str, float, None]) -> Union[str, float, None]:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return cut(value, 4096) if isinstance(value, str) else value


def to_text(message: Mapping[str, Any]) -> bytes:
    """JSON in ASCII. NaN is an error here: the other side's parser would refuse the whole message."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii")
