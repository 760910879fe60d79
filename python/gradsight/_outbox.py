"""What has been numbered and not yet acknowledged: in memory up to a bound, and in the spill file before that.

    acknowledged │ spill file [from, to) │ in flight │ waiting │ not numbered yet
                                                                                     → seq
"""

from __future__ import annotations

from collections import deque
from typing import Deque, Iterator, NamedTuple, Optional

from . import _spill
from ._spill import Record, SpillFile

MEMORY_LIMIT = 16 * 1024 * 1024
WINDOW = 64
"""Messages that may be under way without an acknowledgement."""


class Entry(NamedTuple):
    """``seq`` is None for what needs no acknowledgement (the description of a series)."""

    seq: Optional[int]
    record: Record


class Outbox:
    """Owned by the sender's thread."""

    def __init__(self, memory_limit: int = MEMORY_LIMIT) -> None:
        self.memory_limit = memory_limit
        self.next_seq = 0
        self.acknowledged = 0
        self.trouble: Optional[str] = None
        """Why the spill file can't be written, if it can't."""
        self._waiting: Deque[Entry] = deque()
        self._in_flight: Deque[Entry] = deque()
        self._bytes = 0
        self._spill: Optional[SpillFile] = None
        self._spill_start = 0
        self._spill_end = 0
        self._replay: Optional[Iterator[Entry]] = None
        self._sent = 0

    @property
    def has_room(self) -> bool:
        return self._bytes < self.memory_limit

    @property
    def all_acknowledged(self) -> bool:
        return self.acknowledged >= self.next_seq

    def put(self, record: Record) -> None:
        """Takes the message that was built with the number ``next_seq``."""
        self._add(Entry(self.next_seq, record))
        self.next_seq += 1

    def put_unnumbered(self, record: Record) -> None:
        self._add(Entry(None, record))

    def _add(self, entry: Entry) -> None:
        self._waiting.append(entry)
        self._bytes += len(entry.record.payload)

    def connected(self, next_seq: int) -> None:
        """The other side has everything below ``next_seq``: sending begins there, or where our memory begins."""
        self.disconnected()
        self.acknowledge(next_seq)
        spilled = self._spill if self._spill and self._spill.exists() else None
        first = self._spill_start if spilled else self._first_waiting()
        self._sent = self.acknowledged = max(next_seq, first)
        self._replay = self._spilled(spilled.path) if spilled else None

    def disconnected(self) -> None:
        """What was under way waits again."""
        self._waiting.extendleft(reversed(self._in_flight))
        self._in_flight.clear()
        self._replay = None

    def acknowledge(self, next_seq: int) -> None:
        self.acknowledged = max(self.acknowledged, min(next_seq, self.next_seq))
        for queue in (self._in_flight, self._waiting):
            while queue and queue[0].seq is not None and queue[0].seq < self.acknowledged:
                self._bytes -= len(queue.popleft().record.payload)
        if self._spill and self.acknowledged >= self._spill_end:
            self._spill.remove()
            self._spill = None
            self._replay = None

    def to_send(self) -> Iterator[Record]:
        """What may be sent now. Each record given counts as sent."""
        while self._sent - self.acknowledged < WINDOW:
            entry = next(self._replay, None) if self._replay else None
            if entry is None:
                self._replay = None
                if not self._waiting:
                    return
                entry = self._waiting.popleft()
                if entry.seq is None:
                    self._bytes -= len(entry.record.payload)
                else:
                    self._in_flight.append(entry)
            if entry.seq is not None:
                self._sent = entry.seq + 1
            yield entry.record

    def spill(self, folder: Optional[str], name: str, hello: bytes) -> bool:
        """Moves all that is in memory to the file as far as that has room; whether nothing is left."""
        self.disconnected()
        if self._spill and not self._spill.exists():  # the editor took it in and deleted it
            self._spill.close()
            self._spill = None
        if not self._waiting:
            return True
        if self._spill is None:
            if folder is None:
                self.trouble = "no place for it is known"
                return False
            try:
                self._spill = SpillFile(folder, name, hello)
            except OSError as error:
                self.trouble = str(error)
                return False
            self._spill_start = self._spill_end = self._first_waiting()
        while self._waiting and self._spill.append(self._waiting[0].record):
            entry = self._waiting.popleft()
            self._bytes -= len(entry.record.payload)
            if entry.seq is not None:
                self._spill_end = entry.seq + 1
        self.trouble = str(self._spill.error) if self._spill.error else None
        return not self._waiting

    def last_words(self, record: Record) -> None:
        """Puts a final record into the spill file's reserve."""
        if self._spill:
            self._spill.append(record, last_words=True)

    def close(self) -> None:
        if self._spill:
            self._spill.close()

    def _first_waiting(self) -> int:
        return next((entry.seq for entry in self._waiting if entry.seq is not None), self.next_seq)

    def _spilled(self, path: str) -> Iterator[Entry]:
        """The unacknowledged part of the spill file."""
        for seq, record in enumerate(_numbered(path), self._spill_start):
            if seq >= self.acknowledged:
                yield Entry(seq, record)


def _numbered(path: str) -> Iterator[Record]:
    """The records that carry a number, which stand without a hole."""
    try:
        for record in _spill.read(path):
            if record.kind == _spill.FRAME or not record.payload.startswith((b'{"type":"hello"', b'{"type":"series"')):
                yield record
    except OSError:
        return
