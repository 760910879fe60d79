"""What has been numbered and not yet acknowledged: in memory up to a bound, and in the spill file before that.

    acknowledged │ spill file [from, to) │ in flight │ waiting │ not numbered yet
                                                                                     → seq

The file may hold what is under way, too: an editor that takes its time must not cost a step if the process is killed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from itertools import chain, takewhile
from typing import Callable, Deque, NamedTuple, Optional

from . import _spill
from ._spill import FRAME, Record, SpillFile

MEMORY_LIMIT = 16 * 1024 * 1024
DESCRIPTIONS = (b'{"type":"hello"', b'{"type":"series"')
STORY = b'{"type":"story"'
"""How the JSON of messages without a number begins; a greeting repeats the descriptions."""

WINDOW = 64
"""Messages that may be under way without an acknowledgement."""


class Entry(NamedTuple):
    """``seq`` is None for what has no number: the description of a series, which a greeting repeats, and the story of an
    explosion. ``due``: the number that the other side acknowledges no sooner than this, its own or the next one;
    ``since``: monotonic seconds."""

    seq: Optional[int]
    record: Record
    since: float
    due: int

    @property
    def is_story(self) -> bool:
        return self.seq is None and self.record.payload.startswith(STORY)


class Outbox:
    """The sender's thread fills it and spills from it, the courier's empties it."""

    def __init__(self, memory_limit: int = MEMORY_LIMIT) -> None:
        self.memory_limit = memory_limit
        self.next_seq = 0
        self.acknowledged = 0
        self.trouble: Optional[str] = None
        """Why the spill file can't be written, if it can't."""
        self._changed = threading.Condition()
        self._waiting: Deque[Entry] = deque()
        self._in_flight: Deque[Entry] = deque()
        self._bytes = 0
        self._spill: Optional[SpillFile] = None
        self._spill_start = 0
        self._spill_end = 0
        self._replay: Optional[_Replay] = None
        self._greeted_with = 0
        """Bytes of the file when the other side was last told all series."""
        self._connected = False
        self._sent = 0

    @property
    def has_room(self) -> bool:
        return self._bytes < self.memory_limit

    @property
    def all_acknowledged(self) -> bool:
        return self.acknowledged >= self.next_seq

    @property
    def is_under_way(self) -> bool:
        """Whether something was sent that is not acknowledged."""
        return self._sent > self.acknowledged

    def put(self, record: Record) -> None:
        """Takes the message that was built with the number ``next_seq``. The courier learns of it by ``offer``."""
        with self._changed:
            self._add(Entry(self.next_seq, record, time.monotonic(), self.next_seq))
            self.next_seq += 1

    def put_unnumbered(self, record: Record) -> None:
        with self._changed:
            self._add(Entry(None, record, time.monotonic(), self.next_seq))

    def _add(self, entry: Entry) -> None:
        self._waiting.append(entry)
        self._bytes += len(entry.record.payload)

    def offer(self) -> None:
        """All of a batch has been put: the courier is woken once, not for each message."""
        with self._changed:
            if self.can_send():
                self._changed.notify_all()

    def wake(self) -> None:
        """Whoever waits looks again."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, seconds: float, until: Callable[[], bool]) -> bool:
        """Waits for a change that makes it so, or for so long; whether it is."""
        with self._changed:
            return self._changed.wait_for(until, max(0.0, seconds))

    def connected(self, next_seq: int) -> None:
        """The other side has everything below ``next_seq``: sending begins there, or where our memory begins."""
        with self._changed:
            self.disconnected()
            self.acknowledge(next_seq)
            spilled = self._spill if self._spill and self._spill.exists() else None
            first = self._spill_start if spilled else self._first_in_memory()
            self._sent = self.acknowledged = max(next_seq, first)
            self._greeted_with = spilled.size if spilled else 0
            self._connected = True

    def disconnected(self) -> None:
        """What was under way waits again."""
        with self._changed:
            self._connected = False
            self._waiting.extendleft(reversed(self._in_flight))
            self._in_flight.clear()
            self._sent = self.acknowledged
            self._stop_replay()

    def acknowledge(self, next_seq: int) -> None:
        with self._changed:
            self.acknowledged = max(self.acknowledged, min(next_seq, self.next_seq))
            for queue in (self._in_flight, self._waiting):
                while queue and queue[0].due < self.acknowledged:
                    self._bytes -= len(queue.popleft().record.payload)
            if self._spill and self.acknowledged >= self._spill_end:
                self._stop_replay()
                self._spill.remove()
                self._spill = None
            self._changed.notify_all()

    def can_send(self) -> bool:
        if not self._connected or self._sent - self.acknowledged >= WINDOW:
            return False
        return bool(self._waiting) or self._sent < self._spill_end and self._spill is not None

    def take(self) -> Optional[Record]:
        """The next record to send, which counts as sent then; None while there is none that may be."""
        with self._changed:
            if not self.can_send():
                return None
            if self._spill is not None and self._sent < self._spill_end:
                record = self._from_file(self._spill)
                if record is not None:
                    return record
            if not self._waiting:
                return None
            entry = self._waiting.popleft()
            if entry.seq is not None:
                self._sent = entry.seq + 1
            if entry.seq is not None or entry.is_story:
                self._in_flight.append(entry)
            else:
                self._bytes -= len(entry.record.payload)
            return entry.record

    def spill(self, folder: Optional[str], name: str, hello: Callable[[], bytes], older_than: float = 0.0) -> bool:
        """Moves all that is in memory to the file as far as that has room; whether no numbered message is left.

        ``older_than``: seconds; nothing is moved while nothing waits for longer.
        """
        with self._changed:
            if self._spill and not self._spill.exists():  # the editor took it in and deleted it
                self._stop_replay()
                self._spill.close()
                self._spill = None
            oldest = next((entry for entry in chain(self._in_flight, self._waiting) if entry.seq is not None), None)
            if oldest is None or older_than and time.monotonic() - oldest.since < older_than:
                return oldest is None
            # What has no number belongs before what comes after it: alone at the end it stays, or the next greeting has it.
            ending = chain(reversed(self._waiting), reversed(self._in_flight))
            trailing = len(list(takewhile(lambda entry: entry.seq is None, ending)))
            waiting = min(trailing, len(self._waiting))
            if self._spill is None and not self._begin_file(folder, name, hello):
                return False
            for queue, staying in ((self._in_flight, trailing - waiting), (self._waiting, waiting)):
                while len(queue) > staying and self._spill is not None:
                    if not self._spill.append(queue[0].record):
                        self.trouble = str(self._spill.error) if self._spill.error else None
                        return False
                    entry = queue.popleft()
                    self._bytes -= len(entry.record.payload)
                    if entry.seq is not None:
                        self._spill_end = entry.seq + 1
            self.trouble = None
            return True

    def last_words(self, record: Record) -> None:
        """Puts a final record into the spill file's reserve."""
        with self._changed:
            if self._spill:
                self._spill.append(record, last_words=True)

    def abandon(self) -> None:
        """Nobody will ever take any of it."""
        with self._changed:
            self._stop_replay()
            if self._spill:
                self._spill.remove()
                self._spill = None

    def close(self) -> None:
        with self._changed:
            self._stop_replay()
            if self._spill:
                self._spill.close()

    def _begin_file(self, folder: Optional[str], name: str, hello: Callable[[], bytes]) -> bool:
        if folder is None:
            self.trouble = "no place for it is known"
            return False
        try:
            self._spill = SpillFile(folder, name, hello())
            _spill.clean_up(folder)
        except OSError as error:
            self.trouble = str(error)
            return False
        self._spill_start = self._spill_end = self._first_in_memory()
        self._greeted_with = self._spill.size
        return True

    def _first_in_memory(self) -> int:
        for queue in (self._in_flight, self._waiting):
            for entry in queue:
                if entry.seq is not None:
                    return entry.seq
        return self.next_seq

    def _from_file(self, file: SpillFile) -> Optional[Record]:
        """The next one of the file that has not been sent on this connection; None: it can't be read."""
        try:
            if self._replay is None:
                self._replay = _Replay(file, self._spill_start)
            while True:
                at, seq, record = self._replay.next()
                if record is None:
                    self._sent = self._spill_end
                    return None
                if seq is None:
                    if at >= self._greeted_with or record.payload.startswith(STORY):
                        return record
                elif seq >= self._sent:
                    self._sent = seq + 1
                    return record
        except OSError:
            self._sent = self._spill_end
            return None

    def _stop_replay(self) -> None:
        if self._replay is not None:
            self._replay.close()
            self._replay = None


class _Replay:
    """The records of a spill file, those included that are appended while it is read. They are numbered without a hole."""

    def __init__(self, file: SpillFile, first: int) -> None:
        self._file = file
        self._stream = open(file.path, "rb", buffering=0)  # what is torn may still be written over
        self._next = first

    def next(self) -> "tuple[int, Optional[int], Optional[Record]]":
        """Where the next record stands, its number, if it has one, and the record, if there is one."""
        at = self._stream.tell()
        record = next(_spill.records(self._stream), None) if at < self._file.size else None
        if record is None:
            return at, None, None
        if record.kind == FRAME or not record.payload.startswith((*DESCRIPTIONS, STORY)):
            self._next += 1
            return at, self._next - 1, record
        return at, None, record

    def close(self) -> None:
        self._stream.close()
