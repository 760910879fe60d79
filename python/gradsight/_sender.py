"""The background thread that takes what the training has left, has it sent, and keeps what is not acknowledged in time.

It never waits for the editor, which the courier speaks with.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional

from ._courier import Courier
from ._guard import Guard, tell
from ._outbox import Outbox
from ._spill import Record

PERIOD = 0.2
"""Seconds from one batch to the next, or as long as one takes. Each takes the interpreter from the training a few times, on both
threads, however little is in it."""

PATIENCE = 0.15
"""Seconds that a message waits for its acknowledgement in memory alone: with two periods, what a kill may take."""

FLUSH_TIMEOUT = 2.0
"""Seconds that the end of the process may wait for the editor."""

KEEP_TIMEOUT = 3.0
"""Seconds beyond that for the file: what was recorded is lost only on a disk that hangs."""

CLOSE_TIMEOUT = 0.6
"""Seconds for the end of a connection."""


def own_threads() -> List[threading.Thread]:
    """Those of the probe."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("gradsight")]


class Source(NamedTuple):
    """Where the sender gets its messages from."""

    name: str
    """Of the spill file, without suffix."""
    hello: Callable[[], bytes]
    collect: Callable[[Optional[Outbox]], None]
    """Numbers and encodes all that is new; where nobody will ever listen, only takes it away."""
    last_words: Callable[[int], Iterable[Record]]
    """What to say, from this number on, when not all found room."""
    hear: Callable[[Dict[str, Any]], object] = lambda message: None
    """Is given what the editor asks for, in the courier's thread."""


class Sender:
    def __init__(self, rendezvous_file: Optional[str], source: Source) -> None:
        self._source = source
        self._outbox = Outbox()
        self._courier = (
            None if rendezvous_file is None else Courier(rendezvous_file, self._outbox, source.hello, source.hear)
        )
        self._told_trouble = False
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._run, name="gradsight", daemon=True)

    def start(self) -> bool:
        """Whether it could: Python starts no thread once the script has ended, nor the system beyond its bound.

        Both threads are started here and now, since a short run ends before one of them could start another.
        """
        try:
            self._thread.start()
            if self._courier is not None:
                self._courier.start()
        except RuntimeError as error:
            tell(f"nothing is recorded, the script goes on: {error}")
        return self._thread.is_alive()

    def greet_again(self) -> None:
        """The description of the run has changed: it travels with the next greeting, which comes soon."""
        if self._courier is not None:
            self._courier.greet_again()

    @property
    def is_connected(self) -> bool:
        return self._courier is not None and self._courier.is_connected

    def say(self, message: bytes) -> None:
        """Sends it at once where somebody listens; else it is lost."""
        if self._courier is not None:
            self._courier.say(message)

    def stop(self) -> None:
        """Sends or spills what is left, within ``FLUSH_TIMEOUT``."""
        self._deadline = time.monotonic() + FLUSH_TIMEOUT
        self._stopping.set()
        self.wait()

    def wait(self) -> None:
        """Until it has stopped, within ``FLUSH_TIMEOUT`` and ``KEEP_TIMEOUT``."""
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(FLUSH_TIMEOUT + KEEP_TIMEOUT)

    def _run(self) -> None:
        guard = Guard("telemetry")
        try:
            self._loop(self._courier)
        except Exception as error:
            guard.fail(error)
        finally:
            self._outbox.close()

    def _loop(self, courier: Optional[Courier]) -> None:
        stopping = False
        while not stopping:
            began = time.monotonic()
            stopping = self._stopping.is_set()  # asked first: all that was recorded before it is collected below
            if courier is None or courier.refused:
                self._source.collect(None)
            else:
                self._source.collect(self._outbox)
                self._outbox.offer()
                if not stopping:
                    self._keep(courier, PATIENCE if courier.may_deliver else 0.0)
            if not stopping:
                self._stopping.wait(max(0.0, PERIOD - (time.monotonic() - began)))
        if courier is not None:
            self._finish(courier)

    def _finish(self, courier: Courier) -> None:
        """Waits, for a bounded time, until all is acknowledged, and keeps what is not."""
        if not courier.is_connected and courier.spill_folder is not None:  # first of all
            self._keep(courier, 0.0)
        courier.stop(self._deadline)
        while not courier.gave_up and not self._outbox.all_acknowledged and time.monotonic() < self._deadline:
            if self._outbox.wait(PERIOD, lambda: courier.gave_up or self._outbox.all_acknowledged):
                break
            self._keep(courier, PATIENCE)
        if not courier.refused and not self._outbox.all_acknowledged:
            kept = self._keep(courier, 0.0)
            self._tell_trouble()
            for record in [] if kept else self._source.last_words(self._outbox.next_seq):
                self._outbox.last_words(record)
        if courier.is_connected:
            courier.join(CLOSE_TIMEOUT)

    def _keep(self, courier: Courier, older_than: float) -> bool:
        """Moves what has waited for too long to the spill file; whether no message is left in memory."""
        kept = self._outbox.spill(courier.spill_folder, self._source.name, self._source.hello, older_than)
        if courier.spill_folder is not None and not courier.is_connected:
            self._tell_trouble()
        return kept

    def _tell_trouble(self) -> None:
        if self._outbox.trouble and not self._told_trouble:
            self._told_trouble = True
            tell(f"the run can't be kept for the editor ({self._outbox.trouble}); the training goes on.")
