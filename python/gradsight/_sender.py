"""The background thread that takes what the training has left and sends, keeps or spills it."""

from __future__ import annotations

import random
import threading
import time
from typing import Callable, Iterable, NamedTuple, Optional

from . import _rendezvous
from ._guard import Guard, tell
from ._link import Link, LinkLost, Refused
from ._outbox import Outbox
from ._spill import FRAME, Record

PERIOD = 0.1
"""Seconds between two batches."""

CONNECT_TIMEOUT = 1.5
FIRST_RETRY, LAST_RETRY = 0.25, 10.0
FLUSH_TIMEOUT = 2.0
"""Seconds that the end of the process may wait for the editor."""

KEEP_TIMEOUT = 3.0
"""Seconds beyond that for what is under way then, and for the file: what was recorded is lost only on a disk that hangs."""


class Source(NamedTuple):
    """Where the sender gets its messages from."""

    name: str
    """Of the spill file, without suffix."""
    hello: Callable[[], bytes]
    collect: Callable[[Optional[Outbox]], None]
    """Numbers and encodes all that is new; where nobody will ever listen, only takes it away."""
    last_words: Callable[[int], Iterable[Record]]
    """What to say, from this number on, when not all found room."""


class Sender:
    def __init__(self, rendezvous_file: Optional[str], source: Source) -> None:
        self._file = rendezvous_file
        self._source = source
        self._outbox = Outbox()
        self._link: Optional[Link] = None
        self._spill_folder: Optional[str] = None
        self._retry_at = 0.0
        self._retry_delay = FIRST_RETRY
        self._refused = False
        self._greet_again = False
        self._welcomed = False
        self._failures = 0
        self._told = False
        self._told_trouble = False
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._run, name="gradsight", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def greet_again(self) -> None:
        """The description of the run has changed: it travels with the next greeting, which comes at once."""
        self._greet_again = True

    def stop(self) -> None:
        """Sends or spills what is left, within ``FLUSH_TIMEOUT``."""
        self._deadline = time.monotonic() + FLUSH_TIMEOUT
        self._stopping.set()
        self._thread.join(FLUSH_TIMEOUT + KEEP_TIMEOUT)

    def _run(self) -> None:
        guard = Guard("telemetry")
        try:
            self._loop()
        except Exception as error:
            guard.fail(error)
        finally:
            self._outbox.close()

    def _loop(self) -> None:
        while True:
            stopping = self._stopping.is_set()
            if self._file is None or self._refused:
                self._source.collect(None)
            else:
                self._source.collect(self._outbox)
                self._deliver(self._file, stopping)
            if stopping:
                break
            self._stopping.wait(PERIOD)
        if self._link is not None:
            self._link.close()

    def _deliver(self, file: str, stopping: bool) -> None:
        """Sends what there is, or keeps it."""
        if self._greet_again:
            self._greet_again = False
            self._disconnect()
        if stopping and self._link is None and self._spill_folder is not None:  # first of all
            self._outbox.spill(self._spill_folder, self._source.name, self._source.hello())
        for _ in range(2 if stopping else 1):  # at the end, a connection that turns out dead is replaced once
            if self._link is None and (stopping or time.monotonic() >= self._retry_at):
                self._connect(file)
            if self._link is not None:
                self._exchange(stopping)
            if self._link is not None or self._refused or self._deadline - time.monotonic() < 0.3:
                break
        if self._link is None and not self._refused:
            self._keep()

    def _connect(self, file: str) -> None:
        rendezvous = _rendezvous.read(file)
        try:
            if rendezvous is None:
                raise LinkLost(f"{file} can't be read")
            self._spill_folder = rendezvous.spill
            timeout = min(CONNECT_TIMEOUT, max(0.1, self._deadline - time.monotonic()))
            link = Link(rendezvous, timeout)
            try:
                self._outbox.connected(link.greet(self._source.hello()))
            except BaseException:
                link.close()
                raise
        except Refused as refusal:
            self._refuse(refusal)
        except LinkLost as lost:
            self._retry_later(str(lost))
        else:
            self._link = link
            self._welcomed = True
            self._failures = 0
            self._retry_delay = FIRST_RETRY

    def _exchange(self, stopping: bool) -> None:
        """Sends what may be sent and takes acknowledgements; when stopping, until all is acknowledged or time is up."""
        assert self._link is not None
        try:
            if not self._outbox.has_room:
                raise LinkLost("the editor acknowledges nothing")
            while True:
                for record in self._outbox.to_send():
                    if record.kind == FRAME:
                        self._link.send_frame(record.payload)
                    else:
                        self._link.send_text(record.payload)
                left = self._deadline - time.monotonic()
                wait = max(0.0, min(left, PERIOD)) if stopping and not self._outbox.all_acknowledged else 0.0
                message = self._link.receive(wait)
                if message is not None:
                    if message.get("type") == "ack":
                        self._outbox.acknowledge(int(message["next"]))
                elif not stopping or self._outbox.all_acknowledged or left <= 0:
                    break
            if stopping and not self._outbox.all_acknowledged:
                raise LinkLost("the editor did not acknowledge in time")
        except Refused as refusal:
            self._refuse(refusal)
        except LinkLost as lost:
            self._disconnect()
            self._retry_later(str(lost))

    def _keep(self) -> None:
        """Nobody listens: what is in memory goes to the spill file."""
        kept = self._outbox.spill(self._spill_folder, self._source.name, self._source.hello())
        stopping = self._stopping.is_set()
        if self._outbox.trouble and not self._told_trouble and (stopping or self._spill_folder is not None):
            self._told_trouble = True
            tell(f"the run can't be kept for the editor ({self._outbox.trouble}); the training goes on.")
        if stopping and not kept:
            for record in self._source.last_words(self._outbox.next_seq):
                self._outbox.last_words(record)

    def _disconnect(self) -> None:
        self._outbox.disconnected()
        if self._link is not None:
            self._link.close()
            self._link = None

    def _refuse(self, refusal: Refused) -> None:
        tell(f"the editor takes no more of this run: {refusal}")
        self._disconnect()
        self._refused = True
        self._outbox.close()

    def _retry_later(self, reason: str) -> None:
        """Told at the second failure in a row, or at the end of a run that nobody took: a busy machine is slow at times."""
        self._failures += 1
        if not self._told and (self._failures > 1 or self._stopping.is_set() and not self._welcomed):
            self._told = True
            tell(f"the editor doesn't listen ({reason}). The run is kept, and sent when it does.")
        self._retry_at = time.monotonic() + self._retry_delay * random.uniform(0.5, 1.0)
        self._retry_delay = min(LAST_RETRY, self._retry_delay * 2)
