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

from . import _flight_file, _flights, _sections, _state
from ._checkpoints import Checkpoints
from ._flight_file import FlightFile
from ._flights import EXPLOSION, INCIDENT, LAST, NONFINITE, Flight, Step
from ._frame import encode_frame
from ._guard import Guard
from ._protocol import CHECKPOINT, EPOCH, to_text
from ._scalars import LOSS, NORM_PRE, SCALARS, SKIPPED
from ._series import FLIGHT_STEPS, LayerNorms, LayerSample, Row, Series, encode_rows, encode_samples
from ._spill import FRAME, JSON, Record
from .metrics.explosion import RUNNING, ExplosionWatch
from .metrics.time_budget import TimeBudget

PERIOD = 0.3
"""Seconds between two snapshots, at least: with the sender's own period, what a kill may take."""

SHARE = 0.005
"""Of the time, that writing may take on a processor; a model with very many layers is written less often.

What a busy machine or disk adds keeps nobody but this thread, and must not make a kill take more steps.
"""

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
    began: int
    """The step with which it began: the first whose gradient was so, or was far too large before that."""


class _Part(NamedTuple):
    """Of a recording: the last steps of a series, or those that led to the incident."""

    name: str
    series: Series
    rows: List[Row]
    norms: List[LayerNorms]

    def steps(self) -> List[Step]:
        """As they are read back from the file."""
        steps = [
            Step(row.step, row.time, row.flags, {n: v for n, v in zip(SCALARS, row.values) if v is not None}, {})
            for row in self.rows
        ]
        by_number = {step.number: step for step in steps}
        for layers in self.norms:
            values = layers.numbers() if layers.step in by_number else None
            if values is not None:
                by_number[layers.step].layers.update(zip(self.series.layers[layers.table], values))
        return steps


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
        self._checkpoints = Checkpoints()
        self._events: Deque[Mapping[str, Any]] = deque(maxlen=100)
        self._file: Optional[FlightFile] = None
        self._changed = False
        self._told_explosion = False
        self._next = 0.0
        self._budget = TimeBudget(SHARE)
        watches = Guard("watching for what goes wrong")
        self.take = watches(self._take)
        self.hear = watches(self._hear)
        self.story_at = watches(self._story_at)
        self.story_of_explosion = watches(self._story_of_explosion)
        self.story = watches(self._story)
        writes = Guard("the flight recorder")  # without a place to write to it still tells the editor
        self.save = writes(self._save)
        self.finish = writes(self._finish)

    def _take(self, series: Series, rows: Sequence[Row]) -> None:
        """Every row of every series, in order."""
        track = self._tracks.get(series.id)
        if track is None:
            if len(self._tracks) >= MAX_SERIES:
                return
            track = self._tracks[series.id] = _Track(series)
        isfinite, keep = math.isfinite, track.rows.append
        for row in rows:
            self._changed = True
            keep(row)
            if row.flags & SKIPPED:
                continue
            norm, loss = row.values[NORM_PRE], row.values[LOSS]
            if not (norm is None or isfinite(norm)) or not (loss is None or isfinite(loss)):
                if self.incident is None or self.incident.kind == EXPLOSION:
                    self._went_bad(NONFINITE, track, row)
            elif norm is not None and track.explosion.see(norm) and self.incident is None:
                self._went_bad(EXPLOSION, track, row)

    def _went_bad(self, kind: str, track: _Track, row: Row) -> None:
        rows, before = list(track.rows), self.incident
        began = row.step
        if kind == EXPLOSION:
            made = [each.step for each in rows if not each.flags & SKIPPED]
            began = min(made[-RUNNING:], default=row.step)  # fewer are here where many were skipped between them
        elif before is not None and before.series is track.series:
            began = before.began
        self.incident = Incident(kind, track.series, row.step, row.time, rows, list(track.series.norms), began)
        self._next = 0.0
        self._budget = TimeBudget(SHARE)

    def _hear(self, event: Mapping[str, Any]) -> None:
        if event["kind"] == CHECKPOINT:
            incident = self.incident
            is_of_it = incident is not None and incident.series.id == event["series"]
            self._checkpoints.add(event, incident.began if incident is not None and is_of_it else None)
            self._changed = True
        if event["kind"] in (EPOCH, CHECKPOINT):  # many of them would push out what went wrong
            return
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
            started = time.thread_time()
            self._write(None)
            self._budget.took(time.thread_time() - started)

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
        if self._file is None:
            folder = _state.flights()
            self._file = FlightFile(os.path.join(folder, self._name + _flight_file.SUFFIX))
            _flights.clean_up(folder)
        self._file.write([Record(JSON, to_text(self._header(outcome))), *self._frames()])
        self._changed = False

    def _header(self, outcome: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
        incident = self.incident
        told: Optional[Dict[str, Any]] = None
        if incident is not None:
            told = {
                "kind": incident.kind,
                "series": incident.series.id,
                "step": incident.step,
                "time": incident.time,
                "began": incident.began,
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
            "checkpoints": [checkpoint._asdict() for checkpoint in self._checkpoints.all()],
        }

    def _story_at(self, event: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
        """The story for the editor, with the event that is the incident."""
        incident = self.incident
        if incident is None or (event["kind"], event["series"], event["step"]) != (
            incident.kind,
            incident.series.id,
            incident.step,
        ):
            return None
        return _sections.message(self._flight(None))

    def _story_of_explosion(self) -> Optional[Dict[str, Any]]:
        """The story for the editor, once, of the incident that no event tells of: the editor finds explosions itself."""
        if self._told_explosion or self.incident is None or self.incident.kind != EXPLOSION:
            return None
        self._told_explosion = True
        return _sections.message(self._flight(None))

    def _story(self, outcome: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
        """The story for the editor, at the end; None where all went well."""
        if not self._tracks or outcome["status"] == "finished" and self.incident is None:
            return None
        return _sections.message(self._flight(outcome))

    def _flight(self, outcome: Optional[Mapping[str, Any]]) -> Flight:
        """What the file holds or would hold."""
        header = self._header(outcome)
        return Flight(
            path="",
            hello=header["hello"],
            written=header["written"],
            outcome=header["outcome"],
            running=outcome is None,
            incident=header["incident"],
            events=header["events"],
            checkpoints=self._checkpoints.all(),
            steps={(part.name, part.series.id): part.steps() for part in self._parts()},
        )

    def _parts(self) -> List[_Part]:
        """The incident first: it is what must not be left out."""
        parts = [_Part(LAST, track.series, list(track.rows), list(track.series.norms)) for track in self._tracks.values()]
        if self.incident is not None:
            series = self.incident.series
            # Where the training thread saw that step itself, it has put the norms aside at once.
            norms = series.norms_at_incident or self.incident.norms
            parts.insert(0, _Part(INCIDENT, series, self.incident.rows, norms))
        return parts

    def _frames(self) -> List[Record]:
        room = MAX_VALUES
        frames: List[Record] = []
        for part, series, rows, norms in self._parts():
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
