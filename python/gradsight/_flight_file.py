"""The file of the flight recorder: the latest snapshot of a run, whole whenever the process is killed.

Two heads of fixed size, then the snapshots. A snapshot never overwrites the one before it, and its head is written
after it, in turn the first and the second; so one of the two is whole at any moment. What a process has written
outlives it even if it is killed; nothing is forced to the disk, so a power cut may take it.
"""

from __future__ import annotations

import io
import os
import struct
import time
import zlib
from typing import BinaryIO, List, NamedTuple, Optional, Sequence

from . import _spill
from ._spill import Record

try:
    import fcntl as _fcntl
except ImportError:  # Windows
    _fcntl = None  # type: ignore[assignment]

SUFFIX = ".gsflight"
LIMIT = 32 * 1024 * 1024
"""Bytes of one snapshot."""

_MAGIC = 0x54464C47
_HEAD = struct.Struct("<IIQQQII")
"""Magic, version, generation, offset, length, checksum of the snapshot, checksum of the head."""
_VERSION = 1
_BODY = 2 * _HEAD.size


class _Head(NamedTuple):
    generation: int
    offset: int
    length: int
    checksum: int


class FlightFile:
    def __init__(self, path: str) -> None:
        """Raises OSError where the file or its folder can't be made."""
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        self.path = path
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)
        self._stream: BinaryIO = os.fdopen(descriptor, "r+b", buffering=0)
        lock(self._stream)
        self._latest = _Head(0, _BODY, 0, 0)

    def write(self, records: Sequence[Record]) -> None:
        """Puts a new snapshot in the place of the last one. Raises OSError, and then the last one still stands."""
        snapshot = b"".join(map(_spill.encode, records))
        if len(snapshot) > LIMIT:
            raise OSError("the snapshot is too large")
        before = self._latest
        offset = _BODY if before.offset - _BODY >= len(snapshot) else before.offset + before.length
        head = _Head(before.generation + 1, offset, len(snapshot), zlib.crc32(snapshot))
        self._put(offset, snapshot)
        self._put(head.generation % 2 * _HEAD.size, _encoded(head))
        self._latest = head

    def remove(self) -> None:
        self.close()
        try:
            os.unlink(self.path)
        except OSError:
            pass

    def close(self) -> None:
        self._stream.close()

    def _put(self, offset: int, data: bytes) -> None:
        self._stream.seek(offset)
        if self._stream.write(data) != len(data):
            raise OSError("the disk is full")


def read(path: str) -> List[Record]:
    """The latest snapshot that is whole. Raises OSError where the file can't be read, ValueError where it has none."""
    with open(path, "rb") as stream:
        heads = [_decoded(stream.read(_HEAD.size)) for _ in range(2)]
        for head in sorted((head for head in heads if head), key=lambda head: -head.generation):
            stream.seek(head.offset)
            snapshot = stream.read(head.length)
            if len(snapshot) == head.length and zlib.crc32(snapshot) == head.checksum:
                return list(_spill.records(io.BytesIO(snapshot)))
    raise ValueError("it holds no recording")


def is_being_written(path: str) -> bool:
    """Whether the process that made the file still has it open. Where that can't be known: if it was, a day ago."""
    try:
        with open(path, "r+b") as stream:
            return not lock(stream) if _fcntl is not None else time.time() - os.stat(path).st_mtime < 24 * 3600
    except OSError:
        return False


def lock(stream: BinaryIO) -> bool:
    """Whether nobody else holds the lock, which goes with the process, and not to those that it forks."""
    try:
        if _fcntl is not None:
            _fcntl.lockf(stream, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        return True
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks
        return True


def _encoded(head: _Head) -> bytes:
    without = _HEAD.pack(_MAGIC, _VERSION, *head, 0)
    return without[:-4] + zlib.crc32(without[:-4]).to_bytes(4, "little")


def _decoded(data: bytes) -> Optional[_Head]:
    if len(data) < _HEAD.size or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        return None
    magic, version, *fields, _ = _HEAD.unpack(data)
    head = _Head(*fields)
    return head if (magic, version) == (_MAGIC, _VERSION) and head.length <= LIMIT else None
