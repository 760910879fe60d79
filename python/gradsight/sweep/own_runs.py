"""How many updates the script's own training made when it last came to its end, as its recorded runs tell.

The editor's hub knows, where one runs; what was recorded since the last one lies in files that are left for the next.
"""

from __future__ import annotations

import glob
import json
import os
import re
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from .. import _rendezvous, _spill
from .._frame import decode_frame, numbers
from .._link import VIEW, Link, LinkLost, Refused
from .._protocol import PROTOCOL_VERSION

PATIENCE = 10.0
"""Seconds for the hub to tell."""

MOST = 20
"""Runs of the script that are looked at, the latest first: other arguments may have made them other trainings."""

FINISHED = "finished"


class OwnRun(NamedTuple):
    """A run that ended well, in one process."""

    arguments: List[str]
    steps: Dict[str, int]
    """By series."""

    def length(self, series: Optional[str]) -> Optional[int]:
        """None: of all series, where they have as many steps."""
        if series is not None:
            return self.steps.get(series)
        lengths = set(self.steps.values())
        return lengths.pop() if len(lengths) == 1 else None


def steps_of_last_run(script: Optional[str], arguments: List[str], series: Optional[str]) -> Optional[int]:
    """Of the last complete run of this file with these arguments, in which ``{seed}`` stands for any number.

    ``series``: the one that counts; None: any. None where nothing is known.
    """
    file = _rendezvous.path()
    if file is None or script is None:
        return None
    try:
        for run in _runs(file, os.path.realpath(script)):
            steps = run.length(series) if _are_alike(arguments, run.arguments) else None
            if steps:
                return steps
    except (OSError, LinkLost, Refused, ValueError, KeyError, TypeError, AttributeError):
        pass  # a hub or a file of another version
    return None


def _runs(file: str, script: str) -> Iterator[OwnRun]:
    """The latest first."""
    rendezvous = _rendezvous.read(file)
    if rendezvous is not None and rendezvous.protocol == PROTOCOL_VERSION:
        try:
            link = Link(rendezvous, PATIENCE, VIEW)
        except LinkLost:  # the editor has ended
            pass
        else:
            try:
                yield from _told(link, script)
            finally:
                link.close()
            return
    folder = rendezvous.spill if rendezvous is not None else _rendezvous.spill_beside(file)
    if folder is not None:
        yield from _left(folder, script)


def _told(link: Link, script: str) -> Iterator[OwnRun]:
    """By the hub, as ``protocol/viewer.ts`` defines it."""
    runs = [run for run in _ask(link, 1, "runs")["runs"] if run["status"] == FINISHED and _is(run["script"], script)]
    runs = [run for run in runs if run["source"] is None]
    for number, run in enumerate(sorted(runs, key=lambda run: run["startedAt"], reverse=True)[:MOST], 2):
        detail = _ask(link, number, "run", run=run["id"])["run"]
        if detail["worldSize"] == 1:
            yield OwnRun(
                detail["args"], {each["name"]: each["lastStep"] + 1 for each in detail["series"] if each["rank"] == 0}
            )


def _ask(link: Link, number: int, method: str, **more: Any) -> Dict[str, Any]:
    link.send_text(json.dumps({"id": number, "method": method, **more}).encode("utf-8"))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = link.receive(until - time.monotonic())
        if answer is not None and answer.get("id") == number:
            found: Dict[str, Any] = answer["ok"]
            return found
    raise LinkLost("no answer")


def _left(folder: str, script: str) -> Iterator[OwnRun]:
    """In files that no editor has taken yet."""
    paths = glob.glob(os.path.join(glob.escape(folder), f"*{_spill.SUFFIX}"))
    for path in sorted(paths, key=os.path.getmtime, reverse=True):
        run = _in_file(path, script)
        if run is not None:
            yield run


def _in_file(path: str, script: str) -> Optional[OwnRun]:
    records = _spill.read(path)
    first = next(records, None)
    hello = json.loads(first.payload) if first is not None and first.kind == _spill.JSON else {}
    if hello.get("protocol") != PROTOCOL_VERSION or hello["worldSize"] != 1 or not _is(hello["run"]["script"], script):
        return None
    steps: Dict[str, int] = {}
    ended = False
    for record in records:
        if record.kind == _spill.FRAME:
            metadata, columns = decode_frame(record.payload)
            last = max(map(int, numbers(columns["step"])), default=-1)
            steps[metadata["series"]] = max(last + 1, steps.get(metadata["series"], 0))
        else:
            message = json.loads(record.payload)
            ended = ended or message.get("type") == "end" and message["status"] == FINISHED
    return OwnRun(hello["run"]["args"], steps) if ended else None


def _is(path: Optional[str], script: str) -> bool:
    return path is not None and os.path.realpath(path) == script


def _are_alike(wanted: List[str], given: List[str]) -> bool:
    if len(wanted) != len(given):
        return False
    return all(re.fullmatch(re.escape(a).replace(re.escape("{seed}"), r"-?\d+"), b) for a, b in zip(wanted, given))
