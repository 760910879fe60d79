"""The trials of a sweep that are done, kept as JSON lines: the same sweep, run again, goes on after them."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
from typing import Any, BinaryIO, Dict, List, Optional, Tuple

from .. import _state
from .._flight_file import lock
from .._trial import digest_of, read_plan
from .trials import Result

FILE = "finished.jsonl"
LOCK = "lock"
KEPT = 20
"""Sweeps whose results are kept."""


class Finished:
    def __init__(self, script: Optional[str], *identity: object) -> None:
        """``script``: the file whose content makes it another sweep, beside ``identity``, which JSON can tell."""
        told = json.dumps([os.getcwd(), script and digest_of(script), *identity], default=str)
        self.id = hashlib.sha256(told.encode("utf-8")).hexdigest()[:16]
        self.folder = os.path.join(os.path.dirname(_state.flights()), "sweeps", self.id)
        self._path = os.path.join(self.folder, FILE)
        self._lock: Optional[BinaryIO] = None

    def take(self) -> bool:
        """Whether no other process makes this sweep; none can from now on. Where files have no locks that isn't known."""
        os.makedirs(self.folder, exist_ok=True)
        self._lock = open(os.path.join(self.folder, LOCK), "ab")
        return lock(self._lock)

    def open(self, fresh: bool) -> Tuple[Optional[Dict[str, Any]], List[Result]]:
        """What is known of the script, and what is done; ``fresh``: forget it. Nothing if a source has changed since."""
        _clean_up(os.path.dirname(self.folder), self.folder)
        _remove_left(self.folder)
        lines = [] if fresh else self._lines()
        about = next((line["about"] for line in lines if "about" in line), None)
        if about is None or any(digest_of(path) != digest for path, digest in about["sources"].items()):
            if os.path.exists(self._path):
                os.unlink(self._path)
            return None, []
        return about, [Result(**line["result"]) for line in lines if "result" in line]

    def about(self, about: Dict[str, Any]) -> None:
        self._write({"about": about})

    def add(self, result: Result) -> None:
        self._write({"result": result._asdict()})

    def _write(self, line: Dict[str, Any]) -> None:
        with open(self._path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def _lines(self) -> List[Dict[str, Any]]:
        try:
            with open(self._path, encoding="utf-8") as stream:
                return [json.loads(line) for line in stream if line.endswith("\n")]
        except (OSError, ValueError):
            return []


def _remove_left(folder: str) -> None:
    """Folders of trials whose sweep was killed."""
    for path in glob.glob(os.path.join(glob.escape(folder), "trial-*")):
        try:
            runner = read_plan(path).runner
        except (OSError, ValueError):
            continue
        if os.name == "posix" and not _is_running(runner):
            shutil.rmtree(path, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _clean_up(folder: str, kept: str) -> None:
    sweeps = [entry.path for entry in os.scandir(folder) if entry.is_dir() and entry.path != kept]
    for path in sorted(sweeps, key=os.path.getmtime, reverse=True)[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
