"""The flight recorder: the last steps of the run, kept where they outlive it, whether or not an editor listens.

The training thread leaves the norms of all layers in a ring of each series; the sender's thread sees every row pass,
keeps the last ones, and writes both to a file now and then. The steps that lead to the first non-finite or exploding
one are kept apart, however long the run goes on. A run that ends well leaves nothing behind.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Mapping, NamedTuple, Optional, Sequence

from . import _flight_file, _flights, _state
from ._flight_file import FlightFile
from ._flights import EXPLOSION, INCIDENT, LAST, NONFINITE
from ._frame import encode_frame
from ._guard import Guard
from ._protocol import to_text
from ._scalars import LOSS, NORM_PRE, SKIPPED
from ._series import FLIGHT_STEPS, LayerNorms, LayerSample, Row, Series, encode_rows, encode_samples
from ._spill import FRAME, JSON, Record
from .metrics.explosion import ExplosionWatch
from .metrics.time_budget import TimeBudget

PERIOD = 0.4
"""Seconds between two snapshots: with the sender's own period, what a kill may take."""

SHARE = 0.005
"""Of the time, that writing may take; a model with very many layers is written less often."""

MAX_SERIES = 64
MAX_VALUES = 2_000_000
"""Norms of layers in one snapshot; beyond that the oldest steps go without."""


class Incident(NamedTuple):
    """The first step that went bad, with the steps before it and the norms of their layers."""

    kind: str
    series: Series
    step: int
    time: float
    rows: List[Row]
    norms: List[LayerNorms]


class _Track:
    """One series."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.rows: Deque[Row] = deque(maxlen=FLIGHT_STEPS)
        self.explosion = ExplosionWatch()


class FlightRecorder:
    """Owned by the sender's thread."""

    def __init__(self, name: str, describe: Callable[[], Mapping[str, Any]]) -> None:
        """``name`` of the file; ``describe``: the ``hello`` message."""
        self.incident: Optional[Incident] = None
        self._name = name
        self._describe = describe
        self._tracks: Dict[str, _Track] = {}
        self._causes: Dict[str, Mapping[str, Any]] = {}
        self._events: Deque[Mapping[str, Any]] = deque(maxlen=100)
        self._file: Optional[FlightFile] = None
        self._changed = False
        self._next = 0.0
        self._budget = TimeBudget(SHARE)
        self._guard = Guard("the flight recorder")
        self.take = self._guard(self._take)
        self.hear = self._guard(self._hear)
        self.save = self._guard(self._save)
        self.finish = self._guard(self._finish)

    def _take(self, series: Series, rows: Sequence[Row]) -> None:
        """Every row of every series, in order."""
        track = self._tracks.get(series.id)
        if track is None:
            if len(self._tracks) >= MAX_SERIES:
                return
            track = self._tracks[series.id] = _Track(series)
        for row in rows:
            self._changed = True
            track.rows.append(row)
            if row.flags & SKIPPED:
                continue
            norm, loss = row.values[NORM_PRE], row.values[LOSS]
            if any(value is not None and not math.isfinite(value) for value in (norm, loss)):
                if self.incident is None or self.incident.kind == EXPLOSION:
                    self._went_bad(NONFINITE, track, row)
            elif norm is not None and track.explosion.see(norm) and self.incident is None:
                self._went_bad(EXPLOSION, track, row)

    def _went_bad(self, kind: str, track: _Track, row: Row) -> None:
        self.incident = Incident(kind, track.series, row.step, row.time, list(track.rows), list(track.series.norms))
        self._next = 0.0
        self._budget = TimeBudget(SHARE)

    def _hear(self, event: Mapping[str, Any]) -> None:
        self._events.append(event)
        if event["kind"] == NONFINITE and event["series"] is not None:
            self._causes.setdefault(event["series"], event)
        self._changed = True
        self._next = 0.0

    def _save(self) -> None:
        """Writes what is new, if it is time."""
        now = time.monotonic()
        if self._changed and self._tracks and now >= self._next and self._budget.due():
            self._next = now + PERIOD
            started = time.perf_counter()
            self._write(None)
            self._budget.spent(started)

    def _finish(self, outcome: Mapping[str, Any]) -> None:
        """At the end. ``outcome``: ``status``, ``error`` and ``exitCode``, as in the ``end`` message."""
        if not self._tracks:
            return
        if outcome["status"] == "finished" and self.incident is None:
            if self._file is not None:
                self._file.remove()
            return
        self._write(outcome)
        if self._file is not None:
            self._file.close()

    def _write(self, outcome: Optional[Mapping[str, Any]]) -> None:
        self._changed = False
        if self._file is None:
            folder = _state.flights()
            self._file = FlightFile(os.path.join(folder, self._name + _flight_file.SUFFIX))
            _flights.clean_up(folder)
        self._file.write([Record(JSON, to_text(self._header(outcome))), *self._frames()])

    def _header(self, outcome: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
        incident = self.incident
        told: Optional[Dict[str, Any]] = None
        if incident is not None:
            told = {
                "kind": incident.kind,
                "series": incident.series.id,
                "step": incident.step,
                "time": incident.time,
                "data": {},
            }
            cause = self._causes.get(incident.series.id)
            if cause is not None and (cause["kind"], cause["step"]) == (incident.kind, incident.step):
                told["data"] = dict(cause["data"])
        return {
            "type": "flight",
            "hello": self._describe(),
            "written": time.time(),
            "outcome": outcome and dict(outcome),
            "incident": told,
            "events": list(self._events),
        }

    def _frames(self) -> List[Record]:
        """The incident first: it is what must not be left out."""
        room = MAX_VALUES
        frames: List[Record] = []
        parts = [(LAST, track.series, list(track.rows), list(track.series.norms)) for track in self._tracks.values()]
        if self.incident is not None:
            series = self.incident.series
            # Where the training thread saw that step itself, it has put the norms aside at once.
            norms = series.norms_at_incident or self.incident.norms
            parts.insert(0, (INCIDENT, series, self.incident.rows, norms))
        for part, series, rows, norms in parts:
            samples: Dict[str, List[LayerSample]] = {}
            wanted = {row.step for row in rows}
            for layers in reversed(norms):
                values = layers.numbers() if layers.step in wanted else None
                if values is not None and room >= len(values):
                    room -= len(values)
                    samples.setdefault(layers.table, []).insert(0, LayerSample(layers.step, layers.table, values))
            metadata = {"part": part, "series": series.id}
            columns = encode_rows(rows)
            for table, of_table in samples.items() or [("", [])]:
                if of_table:
                    columns.update(encode_samples(of_table))
                    metadata["layers"] = table
                frames.append(Record(FRAME, encode_frame(columns, metadata)))
                columns = encode_rows([])
        return frames
