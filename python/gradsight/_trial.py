"""A trial: a run that a sweep has started, with another clipping threshold than the script's own, for some steps.

Beside live control, the one thing in the probe that acts on a training. A process is a trial only where its own command
line says so (``run --trial FOLDER``, which the sweep alone writes); no variable of the environment makes one of it, and
what it starts is none. Its record says what it was.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import signal
import sys
import threading
import time
from typing import IO, Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set

from ._guard import Guard
from ._imports import after_import
from ._protocol import clip_site, location
from ._scalars import LOSS, NORM_PRE, THRESHOLD
from ._series import Row, Series
from ._site import is_library

PLAN = "plan.json"
RECORD = "record.jsonl"
VARIABLE = "GRADSIGHT_TRIAL"
"""Names the trial's own folder to the script, which may write there what it writes. Nothing in here reads it."""

WATCH_PERIOD = 0.5
"""Seconds between two looks whether the sweep is still there."""

OWN, NONE = "own", "none"
"""Settings beside the numbers: the threshold that the script has itself, and no clipping by norm."""

_guard = Guard("recording the trial")


class Plan(NamedTuple):
    sweep: str
    """The sweep's id."""
    setting: str
    """``OWN``, ``NONE`` or a threshold as a decimal number."""
    series: Optional[str]
    """The id of the series that it is about; None: all."""
    inserts: bool
    """Whether the script does not clip by norm itself, so that the probe has to."""
    steps: int
    """Updates after which the trial is over."""
    seed: int
    runner: int
    """The process that has started it, and ends it."""

    @property
    def threshold(self) -> Optional[float]:
        """The largest norm; infinite where nothing is to be clipped, None where the script's own is in force."""
        return None if self.setting == OWN else math.inf if self.setting == NONE else float(self.setting)


class TrialFinished(SystemExit):
    """Ends the script after its last step in a way that its ``finally`` blocks and exit handlers survive."""


def write_plan(folder: str, plan: Plan) -> None:
    with open(os.path.join(folder, PLAN), "w", encoding="utf-8") as stream:
        json.dump(plan._asdict(), stream)


def read_plan(folder: str) -> Plan:
    """Raises ``OSError`` or ``ValueError`` where there is none."""
    with open(os.path.join(folder, PLAN), encoding="utf-8") as stream:
        content = json.load(stream)
    try:
        return Plan(**content)
    except TypeError as error:
        raise ValueError(str(error)) from error


class Trial:
    """What this process is a trial of, and the record of it, which the sender's thread writes."""

    def __init__(self, folder: str) -> None:
        self.plan = read_plan(folder)
        self.device: Optional[str] = None
        """The kind of device on which the parameters are."""
        self.hears_rows: Optional[Callable[[Series, int], object]] = None
        """Told of each series and so many new steps of it, once they are written. The sender's thread calls it."""
        self._called: Set[str] = set()
        self._stream: IO[str] = open(os.path.join(folder, RECORD), "a", encoding="utf-8")
        self._writing = threading.Lock()
        self._described: List[Mapping[str, Any]] = []
        self.take = _guard(self._take)
        self.describe = _guard(self._describe)
        self.finish = _guard(self._finish)

    def begin(self) -> None:
        """Before the script: seeds what a script that sets no seed of its own draws from, and watches the sweep."""
        seed = self.plan.seed
        random.seed(seed)
        after_import(
            {
                "torch": _guard(lambda torch: torch.manual_seed(seed)),
                "numpy.random": _guard(lambda generators: generators.seed(seed)),
                "tensorflow": _guard(lambda tensorflow: tensorflow.random.set_seed(seed)),
                "mlx.core": _guard(lambda mlx: mlx.random.seed(seed)),
            }
        )
        if os.name == "posix":
            threading.Thread(target=self._watch, name="gradsight-trial", daemon=True).start()

    def _watch(self) -> None:
        """A sweep that was killed leaves nothing running: this process and what it has started are one group."""
        while os.getppid() == self.plan.runner:
            time.sleep(WATCH_PERIOD)
        if os.getpgid(0) == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    def marked(self) -> Dict[str, Any]:
        """What the description of the run says of it."""
        return {"sweep": self.plan.sweep, "setting": self.plan.setting, "seed": self.plan.seed}

    def _take(self, series: Series, rows: Sequence[Row]) -> None:
        if rows:
            picked = [[row.step, row.values[LOSS], row.values[NORM_PRE], row.values[THRESHOLD], row.flags] for row in rows]
            self._write({"series": series.id, "rows": picked})
            if self.hears_rows is not None:
                self.hears_rows(series, len(rows))

    def _describe(self, framework: Optional[str], series: Sequence[Series]) -> None:
        now: List[Mapping[str, Any]] = [
            {
                "id": each.id,
                "by_hand": each.optimizer is None,
                "clip": clip_site(each.clip),
                "site": location(each.site),
            }
            for each in series
        ]
        if now != self._described:
            self._described = now
            self._write({"framework": framework, "device": self.device, "described": now})

    def hear(self, event: Mapping[str, Any]) -> None:
        """Of the probe's warnings the one that says what a threshold in this script is not."""
        if event["kind"] == "warning" and "scale" in event["data"]:
            self._write({"scaled": event["message"]})

    def calls(self, function: str) -> None:
        """The script clips something by its global norm."""
        if function not in self._called:
            self._called.add(function)
            self._write({"calls": function})

    def refuse(self, reason: str) -> None:
        """This can't be a trial as it was meant to be: the sweep ends it, and says so."""
        self._write({"refused": reason})

    def _finish(self, outcome: Mapping[str, Any]) -> None:
        if not self._stream.closed:
            self._write({"outcome": outcome, "sources": _sources()})
            self._stream.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        with self._writing:
            if self._stream.closed:  # a step that is still under way at the end
                return
            self._stream.write(json.dumps(line) + "\n")
            self._stream.flush()


def _sources() -> Dict[str, str]:
    """The user's own files that were imported, with what they held."""
    found = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(".py") and not is_library(file):
            path = os.path.abspath(file)
            digest = digest_of(path)
            if digest is not None:
                found[path] = digest
    return found


def digest_of(path: str) -> Optional[str]:
    try:
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest()
    except OSError:
        return None
