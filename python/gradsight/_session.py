"""The recording of a run in this process: its series and events, and the sender that takes them away."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Deque,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Tuple,
    Type,
    TypeVar,
    Union,
)

from . import _cell, _protocol
from ._flight import FlightRecorder
from ._frame import encode_frame
from ._guard import tell
from ._identity import Identity, describe_run, identify, joined
from ._outbox import Outbox
from ._protocol import Location
from ._sender import Sender, Source
from ._series import Series, take_all
from ._spill import FRAME, JSON, Record

if TYPE_CHECKING:
    from ._control import Control
    from ._trial import Trial

MAX_SERIES = 1024
MAX_UNTOLD = 10_000
"""Events that wait to be taken, or for room; the oldest go."""

AnySeries = TypeVar("AnySeries", bound=Series)


class Outcome(NamedTuple):
    """How the process ended; ``error`` is the traceback, where there is one."""

    status: str
    error: Optional[str]
    exit_code: Optional[int]


class Session:
    """Created once a process. The training thread calls everything but the methods that start with ``_``.

    Without ``rendezvous_file`` there is no editor, and the flight recorder alone gets what is recorded.
    """

    def __init__(
        self, rendezvous_file: Optional[str], identity: Identity, name: Optional[str], script: Optional[str]
    ) -> None:
        self.identity = identity
        self.framework: Tuple[Optional[str], Optional[str]] = (None, None)
        self._run = describe_run(identity.run, name, script)
        self._trial: Optional[Trial] = None
        self._control: Optional[Control] = None
        self._series: List[Series] = []
        self._events: Deque[Dict[str, Any]] = deque(maxlen=MAX_UNTOLD)
        self._untold: Deque[Dict[str, Any]] = deque(maxlen=MAX_UNTOLD)
        self._lost: Dict[str, Tuple[int, int]] = {}
        self._before_close: List[Callable[[], None]] = []
        self._outcome: Optional[Outcome] = None
        self._is_forked = False
        self._end_numbered = False
        self._started = False
        self._closed = False
        self._settling: Optional[int] = None
        """The thread that makes rows of what has arrived, while it does."""
        self._of_rows: List[Dict[str, Any]] = []
        """Events that came with these rows."""
        name_of_files = re.sub(r"[^\w.-]", "_", f"{identity.run}-{identity.rank}-{identity.attempt}")
        self._flight = FlightRecorder(name_of_files, self._description)
        source = Source(
            name=name_of_files,
            hello=self._hello,
            collect=self._collect,
            last_words=self._last_words,
            hear=self._hear,
        )
        self._file = rendezvous_file
        self._sender = Sender(rendezvous_file, source)

    def start(self) -> None:
        """Starts sending, once."""
        if not self._started and not self._closed:
            self._started = True
            if self._is_forked:  # what it runs it has been told since
                self._run.update(describe_run(self.identity.run, None, None))
            self.identity = joined(self.identity)
            self._run.update(id=self.identity.run, startedAt=time.time())
            self._run["code"]["cells"] = _cell.ran()
            if not self._sender.start():
                self.forget()

    def is_trial(self, trial: Trial) -> None:
        """This run is none of the user's own, and says so."""
        self._trial = trial
        self._run["trial"] = trial.marked()

    def allow_control(self) -> Control:
        """The user may change this run while it goes on. To be called before it is started."""
        from ._control import Control

        self._control = Control(lambda: self.identity.world_size, lambda: self._series, self._sender.say)
        return self._control

    @property
    def is_connected(self) -> bool:
        """Whether an editor listens now."""
        return self._sender.is_connected

    @property
    def is_started(self) -> bool:
        return self._started

    @property
    def is_closed(self) -> bool:
        return self._closed

    def again(self) -> Session:
        """Another run of the same process. It is one once it takes a step."""
        fresh = Session(self._file, identify(), self._run["name"], self._run["script"])
        fresh.framework = self.framework
        return fresh

    def in_fork(self) -> Session:
        """The run of a child that was forked from this process, which has not begun one. It is one once it takes a step."""
        fresh = Session(self._file, identify(), None, None)
        fresh.framework = self.framework
        fresh._is_forked = True
        return fresh

    def uses(self, framework: str, version: Optional[str]) -> None:
        """The script has imported this framework: the description of the run is sent anew."""
        if self.framework != (framework, version):
            self.framework = (framework, version)
            self._sender.greet_again()

    def before_close(self, work: Callable[[], None]) -> None:
        self._before_close.append(work)

    def series(
        self, label: str, optimizer: Optional[str], site: Optional[Location], kind: Type[AnySeries]
    ) -> Optional[AnySeries]:
        """A new series; its id is its label, made unique. None when there are too many, or the session is over."""
        if len(self._series) >= MAX_SERIES or self._closed:
            return None
        series = kind(*self._name(label), optimizer, site)
        self._series = [*self._series, series]
        self.start()
        return series

    def adopt(self, series: Series) -> None:
        """A series of an earlier run in this process goes on in this one."""
        if len(self._series) < MAX_SERIES and not self._closed:
            series.id, series.label = self._name(series.label)
            self._series = [*self._series, series]
            self.start()

    def _name(self, label: str) -> Tuple[str, str]:
        """An id that is not taken, and the label that goes with it."""
        taken = {series.id for series in self._series}
        base = _protocol.cut(label.encode("utf-8", "replace").decode("utf-8"), 56) or "series"
        id, number = base, 2
        while id in taken:
            id, number = f"{base}-{number}", number + 1
        return id, label if id == base else f"{label} ({number - 1})"

    def event(
        self,
        kind: str,
        message: str,
        series: Optional[Series] = None,
        step: Optional[int] = None,
        data: Optional[Dict[str, Union[str, float, None]]] = None,
    ) -> None:
        is_of_row = self._settling == threading.get_ident()
        if is_of_row or not self._closed:
            events: Union[Deque[Dict[str, Any]], List[Dict[str, Any]]] = self._of_rows if is_of_row else self._events
            events.append(
                _protocol.event(kind, message, time.time(), series.id if series is not None else None, step, data or {})
            )
            self.start()

    def close(self, outcome: Outcome, patience: Optional[float] = None) -> None:
        """Says how the process ended and waits, for a bounded time, until that and all before it is safe.

        ``patience``: seconds for what a device has yet to tell, which may hang; None: as long as it takes.
        """
        if self._closed:
            if self._started:  # another thread may be at it
                self._sender.wait()
            return
        if patience is None:
            self._read_last()
        else:
            reading = threading.Thread(target=self._read_last, name="gradsight-last", daemon=True)
            try:
                reading.start()
                reading.join(patience)
            except RuntimeError:  # too late for a thread
                self._read_last()
        self._closed = True
        if self._control is not None:
            self._control.end()
        self._outcome = outcome
        if self._started:
            self._sender.stop()

    def _read_last(self) -> None:
        for work in self._before_close:
            try:
                work()
            except Exception as error:
                tell(f"the last steps may be missing: {type(error).__name__}: {error}")

    def forget(self) -> None:
        """Nothing more is recorded: after a fork, in the child, whose parent reports; and where nothing can be sent."""
        self._closed = True
        if self._control is not None:
            self._control.end()
        for series in self._series:
            series.forget()

    def _hello(self) -> bytes:
        return _protocol.to_text(self._description())

    def _description(self) -> Dict[str, Any]:
        framework, version = self.framework
        return {
            "type": "hello",
            "protocol": _protocol.PROTOCOL_VERSION,
            "run": {**self._run, "framework": framework, "frameworkVersion": version},
            "attempt": self.identity.attempt,
            "rank": self.identity.rank,
            "worldSize": self.identity.world_size,
            "group": self.identity.group,
            "series": [series.description() for series in self._series],
            "control": None if self._control is None else self._control.description(),
        }

    def _hear(self, message: Dict[str, Any]) -> None:
        if self._control is not None:
            self._control.hear(message)

    def _metadata(self, seq: int, series: str) -> Dict[str, str]:
        return {
            "protocol": str(_protocol.PROTOCOL_VERSION),
            "run": self.identity.run,
            "attempt": self.identity.attempt,
            "rank": str(self.identity.rank),
            "seq": str(seq),
            "series": series,
        }

    def _collect(self, outbox: Optional[Outbox]) -> None:
        outcome = self._outcome  # read first: all that was recorded before it goes out before it
        events = take_all(self._events)  # before the rows are made and taken: each comes after its row
        self._settling = threading.get_ident()
        for series in self._series:
            series.settle(final=outcome is not None)
        self._settling = None
        events += self._of_rows
        self._of_rows = []
        for series in self._series:
            batches = list(series.batches())
            for first, last in series.take_gaps(final=outcome is not None):
                text = f"Steps {first} to {last} were made faster than they could be taken."
                data = {"from": first, "to": last}
                events.append(_protocol.event("gap", text, time.time(), series.id, first, data))
            for batch in batches:
                self._flight.take(series, batch.rows)
                if self._trial is not None:
                    self._trial.take(series, batch.rows)
            if outbox is None:
                continue
            if series.changed():  # asked after taking the batches, whose layers it describes
                message = {"type": "series", "series": series.description()}
                outbox.put_unnumbered(Record(JSON, _protocol.to_text(message)))
            for batch in batches:
                if outbox.has_room:
                    metadata = self._metadata(outbox.next_seq, series.id)
                    if batch.table is not None:
                        metadata["layers"] = batch.table
                        if batch.are_shares:
                            metadata["shares"] = "1"
                    outbox.put(Record(FRAME, encode_frame(batch.columns(), metadata)))
                elif batch.rows:
                    first = self._lost.get(series.id, (batch.rows[0].step, 0))[0]
                    self._lost[series.id] = (first, batch.rows[-1].step)
        for event in events:
            self._flight.hear(event)
            if self._trial is not None:
                self._trial.hear(event)
        if self._trial is not None:
            self._trial.describe(self.framework[0], self._series)
        if outcome is None:
            self._flight.save()
        else:
            self._flight.finish(outcome._asdict())
            if self._trial is not None:
                self._trial.finish(outcome._asdict())
        if outbox is None:
            return
        self._untold.extend(events)
        if outbox.has_room:
            for gap in self._gaps():
                self._put_event(outbox, gap)
            self._lost.clear()
            story = self._flight.story_of_explosion()
            if story is not None:
                outbox.put_unnumbered(Record(JSON, _protocol.to_text({"type": "story", "story": story})))
            while self._untold and outbox.has_room:
                self._put_event(outbox, self._untold.popleft())
            if outcome is not None and not self._end_numbered:
                self._end_numbered = True
                outbox.put(Record(JSON, self._end(outbox.next_seq, outcome)))

    def _put_event(self, outbox: Outbox, event: Dict[str, Any]) -> None:
        story = self._flight.story_at(event)
        message = {"type": "event", "seq": outbox.next_seq, "event": event, "story": story}
        outbox.put(Record(JSON, _protocol.to_text(message)))

    def _gaps(self) -> Iterator[Dict[str, Any]]:
        for series, (first, last) in self._lost.items():
            text = f"Steps {first} to {last} were not kept: nobody listened, and the room for waiting steps was full."
            yield _protocol.event("gap", text, time.time(), series, first, {"from": first, "to": last})

    def _end(self, seq: int, outcome: Outcome) -> bytes:
        return _protocol.to_text(
            {
                "type": "end",
                "seq": seq,
                "status": outcome.status,
                "error": outcome.error and outcome.error[-_protocol.MAX_ERROR // 2 :],
                "exitCode": outcome.exit_code,
                "time": time.time(),
                "story": self._flight.story(outcome._asdict()),
            }
        )

    def _last_words(self, next_seq: int) -> Iterator[Record]:
        """What the reserve of a full spill file is for: which steps are missing, and how it ended."""
        for gap in self._gaps():
            yield Record(JSON, _protocol.to_text({"type": "event", "seq": next_seq, "event": gap}))
            next_seq += 1
        if self._outcome is not None:
            yield Record(JSON, self._end(next_seq, self._outcome))
