"""The background thread that speaks with the editor. It alone waits for the socket: an editor that is slow, or never
answers, holds up neither what the sender collects nor what it keeps."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, Optional

from . import _rendezvous
from ._guard import Guard, tell
from ._link import Link, LinkLost, Refused
from ._outbox import Outbox
from ._spill import FRAME

CONNECT_TIMEOUT = 1.5
FIRST_RETRY, LAST_RETRY = 0.25, 10.0
ACKNOWLEDGE_TIMEOUT = 10.0
"""Seconds without an acknowledgement of what was sent, after which the connection counts as dead."""

STABLE = 5.0
"""Seconds after which a connection that ends was one that worked."""

ANSWER_PERIOD, IDLE_PERIOD = 0.05, 0.5
"""Seconds for which an answer is waited for, and nothing else; and between two looks at the socket when none is awaited."""


class Courier:
    """``start``, ``greet_again``, ``say`` and ``stop`` are for the other threads, and what they may read."""

    def __init__(
        self,
        rendezvous_file: str,
        outbox: Outbox,
        hello: Callable[[], bytes],
        hear: Callable[[Dict[str, Any]], object] = lambda message: None,
    ) -> None:
        """``hear`` is given what the editor says beside the conversation itself, in the courier's thread."""
        self.spill_folder: Optional[str] = None
        """Known once the rendezvous file was looked for; None: the editor keeps no runs any more."""
        self.refused = False
        """The editor takes nothing of this run, now or later."""
        self.gave_up = False
        """At the end: it is no use to wait any longer."""
        self._file = rendezvous_file
        self._outbox = outbox
        self._hello = hello
        self._hear = Guard("live control")(hear)
        self._words: Deque[bytes] = deque()
        self._link: Optional[Link] = None
        self._connecting = True
        self._greet_again = False
        self._deadline: Optional[float] = None
        self._retry_at = 0.0
        self._retry_delay = FIRST_RETRY
        self._welcomed_at = 0.0
        self._progress_at = 0.0
        self._failures = 0
        self._last_tries = 2
        self._told = False
        self._guard = Guard("telemetry")
        self._thread = threading.Thread(target=self._run, name="gradsight-courier", daemon=True)

    @property
    def may_deliver(self) -> bool:
        """Whether there is a connection, or one is being made."""
        return self._link is not None or self._connecting

    @property
    def is_connected(self) -> bool:
        return self._link is not None

    def start(self) -> None:
        self._thread.start()

    def greet_again(self) -> None:
        """The description of the run has changed: it travels with the next greeting, which comes soon."""
        self._greet_again = True

    def say(self, message: bytes) -> None:
        """Sends it if there is a connection, and as soon as it may; it has no number, and is lost where that fails."""
        if self._link is not None:
            self._words.append(message)
            self._outbox.wake()

    def stop(self, deadline: float) -> None:
        """All that will ever be recorded is in the outbox: it has until then (monotonic seconds) to deliver it."""
        self._deadline = deadline
        self._outbox.wake()

    def join(self, timeout: float) -> None:
        """Waits until the connection is closed, after ``stop``."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while not self._is_done():
                if self._greet_again:
                    self._greet_again = False
                    self._disconnect()
                if self._link is None:
                    self._connect_when_due()
                else:
                    self._exchange()
        except Exception as error:
            self._guard.fail(error)
        finally:
            self._connecting = False
            self.gave_up = True
            self._disconnect()
            self._outbox.wake()

    def _is_done(self) -> bool:
        if self.refused:
            return True
        if self._deadline is None:
            return False
        return self._outbox.all_acknowledged or self._last_tries <= 0 or self._left() <= 0

    def _left(self) -> float:
        """Seconds, at the end, in which something may still be delivered."""
        return float("inf") if self._deadline is None else self._deadline - time.monotonic()

    def _connect_when_due(self) -> None:
        if self._deadline is None:
            pause = self._retry_at - time.monotonic()
            if pause > 0:
                self._outbox.wait(pause, lambda: self._deadline is not None)
                return
        else:
            self._last_tries -= 1  # a connection that turns out dead is replaced once
        self._connecting = True
        try:
            self._link = self._connect()
        except Refused as refusal:
            self._refuse(refusal)
        except LinkLost as lost:
            self._retry_later(str(lost))
        finally:
            self._connecting = False

    def _connect(self) -> Link:
        rendezvous = _rendezvous.read(self._file)
        if rendezvous is None:
            self.spill_folder = self.spill_folder or _rendezvous.spill_beside(self._file)
            raise LinkLost(f"{self._file} can't be read")
        self.spill_folder = rendezvous.spill
        link = Link(rendezvous, min(CONNECT_TIMEOUT, max(0.1, self._left())))
        try:
            self._outbox.connected(link.greet(self._hello()))
        except BaseException:
            link.close()
            raise
        self._welcomed_at = self._progress_at = time.monotonic()
        return link

    def _exchange(self) -> None:
        """Sends what may be sent, waits for a while for more of it, and takes the answers."""
        assert self._link is not None
        if not self._outbox.is_under_way:
            self._progress_at = time.monotonic()
        try:
            while True:
                record = self._outbox.take()
                if record is None:
                    break
                if record.kind == FRAME:
                    self._link.send_frame(record.payload)
                else:
                    self._link.send_text(record.payload)
            while self._words:
                self._link.send_text(self._words.popleft())
            awaited = self._outbox.is_under_way
            self._take_answers(self._link, min(ANSWER_PERIOD, max(0.0, self._left())) if awaited else 0.0)
            if not self._outbox.is_under_way:
                self._outbox.wait(
                    min(IDLE_PERIOD, self._left()),
                    lambda: bool(self._words) or self._outbox.can_send() or self._greet_again or self._is_done(),
                )
        except Refused as refusal:
            self._refuse(refusal)
        except LinkLost as lost:
            if not self._outbox.is_under_way and time.monotonic() - self._welcomed_at > STABLE:
                self._failures = 0
            self._disconnect()
            self._retry_later(str(lost))

    def _take_answers(self, link: Link, timeout: float) -> None:
        """Those that have come, or the first within ``timeout`` seconds and what has come with it."""
        message = link.receive(timeout)
        while message is not None:
            if message.get("type") == "ack":
                self._outbox.acknowledge(int(message["next"]))
                self._progress_at = time.monotonic()
                self._failures = 0
                self._retry_delay = FIRST_RETRY
            elif message.get("type") in ("control", "proceed"):
                self._hear(message)
            message = link.receive(0.0)
        if self._outbox.is_under_way and time.monotonic() - self._progress_at > ACKNOWLEDGE_TIMEOUT:
            raise LinkLost("the editor acknowledges nothing")

    def _disconnect(self) -> None:
        self._outbox.disconnected()
        self._words.clear()
        if self._link is not None:
            self._link.close()
        self._link = None

    def _refuse(self, refusal: Refused) -> None:
        tell(f"the editor takes no more of this run: {refusal}")
        self.refused = True
        self._outbox.abandon()

    def _retry_later(self, reason: str) -> None:
        """Told at the second failure in a row, or at the end of a run that nobody took: a busy machine is slow at times."""
        self._failures += 1
        if not self._told and (self._failures > 1 or self._deadline is not None and not self._welcomed_at):
            self._told = True
            kept = "" if self._outbox.trouble else " The run is kept, and sent when it does."
            tell(f"the editor doesn't listen ({reason}).{kept}")
        self._retry_at = time.monotonic() + self._retry_delay * random.uniform(0.5, 1.0)
        self._retry_delay = min(LAST_RETRY, self._retry_delay * 2)
