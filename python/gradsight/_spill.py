"""The file in which a run is kept while nobody listens, as ``protocol/telemetry.ts`` defines it."""

from __future__ import annotations

import errno
import os
import time
from typing import BinaryIO, Iterator, NamedTuple, Optional

from ._protocol import MAX_MESSAGE_BYTES

SUFFIX = ".gsspill"
LIMIT = 64 * 1024 * 1024
RESERVE = 256 * 1024
"""Bytes kept for the last words of a run whose file is full: what is missing, and how it ended."""

KEPT_BYTES = 512 * 1024 * 1024
KEPT_SECONDS = 30 * 24 * 3600
IN_USE_SECONDS = 24 * 3600
"""Of the files in a folder whose editor never comes to take them; one that was written to lately is left alone."""

JSON, FRAME = 0, 1


class Record(NamedTuple):
    kind: int
    payload: bytes


class SpillFile:
    """Append-only, at most ``limit`` bytes, each record in one write, so that a kill tears the last record at most."""

    def __init__(self, folder: str, name: str, hello: bytes, limit: int = LIMIT) -> None:
        """Raises OSError where the folder can't be made or written, or the disk is full."""
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.path = os.path.join(folder, name + SUFFIX)
        self.limit = limit
        self._descriptor: Optional[int] = os.open(self.path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self.size = os.fstat(self._descriptor).st_size
        self.error: Optional[OSError] = None
        """Why the last record could not be written, where that was not for the limit."""
        if self.size == 0 and not self.append(Record(JSON, hello)):
            self.remove()
            raise self.error or OSError("the file has no room")

    def append(self, record: Record, last_words: bool = False) -> bool:
        """Whether the record could be kept. ``last_words`` may use the reserve."""
        data = encode(record)
        room = self.limit - self.size - (0 if last_words else RESERVE)
        if self._descriptor is None or len(data) > room:
            return False
        try:
            written = os.write(self._descriptor, data)
        except OSError as error:
            self.error = error
            return False
        if written != len(data):  # a full disk: take the torn record back, so that the next one can be read
            os.ftruncate(self._descriptor, self.size)
            self.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return False
        self.error = None
        self.size += written
        return True

    def exists(self) -> bool:
        return os.path.exists(self.path)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def remove(self) -> None:
        self.close()
        try:
            os.unlink(self.path)
        except OSError:
            pass


def clean_up(folder: str) -> None:
    """Removes the oldest files beyond the bounds."""
    found = []
    for name in os.listdir(folder):
        if SUFFIX in name:  # what the editor could not read, too
            path = os.path.join(folder, name)
            try:
                status = os.stat(path)
            except OSError:
                continue
            found.append((status.st_mtime, status.st_size, path))
    size = 0
    for changed, length, path in sorted(found, reverse=True):
        age = time.time() - changed
        size += length
        if age > IN_USE_SECONDS and (size > KEPT_BYTES or age > KEPT_SECONDS):
            try:
                os.unlink(path)
            except OSError:  # another process was faster
                pass


def encode(record: Record) -> bytes:
    return len(record.payload).to_bytes(4, "little") + bytes([record.kind]) + record.payload


def read(path: str) -> Iterator[Record]:
    """The records of a spill file; a torn last record is left out."""
    with open(path, "rb") as stream:
        yield from records(stream)


def records(stream: BinaryIO) -> Iterator[Record]:
    while True:
        head = stream.read(5)
        if len(head) < 5:
            return
        length = int.from_bytes(head[:4], "little")
        if length > MAX_MESSAGE_BYTES:
            return
        payload = stream.read(length)
        if len(payload) < length:
            return
        yield Record(head[4], payload)
