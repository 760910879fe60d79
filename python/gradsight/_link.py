"""One websocket connection to the editor: loopback only, no proxy, no compression, the token in a header.

The library's client starts a thread for each connection, which Python 3.12 refuses once the script has ended, when a short
run has yet to be sent. So its protocol alone is used, which does no input or output, over a socket of ours.
"""

from __future__ import annotations

import json
import socket
import time
from collections import deque
from typing import Any, Deque, Dict, Optional

from ._rendezvous import Rendezvous

SEND_TIMEOUT = 1.5
"""Seconds for which a peer that stops reading may hold up what is sent."""

CLOSE_TIMEOUT = 0.5
"""Seconds in which the peer may answer to the end: until then it may be reading what was sent last."""

BLOCK = 65536

PROBE, VIEW = "/probe", "/view"
"""What a connection is for: to tell of a run, or to ask about runs."""


class Refused(Exception):
    """The editor takes nothing of this run; the message says why. Trying again is no use."""


class LinkLost(Exception):
    """The connection could not be made, or has ended."""


class Link:
    def __init__(self, rendezvous: Rendezvous, timeout: float, path: str = PROBE) -> None:
        """Raises LinkLost when nobody answers within ``timeout`` seconds."""
        client = load_client()
        if client is None:
            raise LinkLost("no websocket client: install websockets")
        self._deadline = time.monotonic() + timeout  # from here on: the first time, loading may take longer than that
        self._messages: Deque[bytes] = deque()
        self._parts = b""
        try:
            self._socket = socket.create_connection(("127.0.0.1", rendezvous.port), timeout)
        except OSError as error:
            raise LinkLost(_reason(error)) from error
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._protocol = client(f"ws://127.0.0.1:{rendezvous.port}{path}")
            self._shake_hands(rendezvous.token)
        except Exception as error:
            self._socket.close()
            raise LinkLost(_reason(error)) from error

    def _shake_hands(self, token: str) -> None:
        request = self._protocol.connect()
        request.headers["User-Agent"] = "gradsight"
        request.headers["Authorization"] = f"Bearer {token}"
        self._protocol.send_request(request)
        self._flush()
        while self._protocol.state.name == "CONNECTING" and self._protocol.handshake_exc is None:
            if not self._take_in(self._left()):
                raise TimeoutError("timed out while waiting for handshake response")
        if self._protocol.handshake_exc is not None:
            raise self._protocol.handshake_exc

    def greet(self, hello: bytes) -> int:
        """Sends the hello; returns the number from which the editor wants messages. Raises Refused, LinkLost."""
        self.send_text(hello)
        reply = self.receive(max(0.05, self._left()))
        if reply is None or reply.get("type") != "welcome":
            raise LinkLost("no welcome")
        return int(reply["next"])

    def send_text(self, message: bytes) -> None:
        self._send(self._protocol.send_text, message)

    def send_frame(self, frame: bytes) -> None:
        self._send(self._protocol.send_binary, frame)

    def receive(self, timeout: float) -> Optional[Dict[str, Any]]:
        """The next message within ``timeout`` seconds, or None. Raises Refused, LinkLost."""
        until = time.monotonic() + timeout
        try:
            while not self._messages:
                if not self._is_open:
                    raise self._protocol.close_exc if self._protocol.state.name == "CLOSED" else EOFError("it was closed")
                if not self._take_in(max(0.0, until - time.monotonic())):
                    return None
            message = json.loads(self._messages.popleft())
        except Exception as error:
            raise LinkLost(_reason(error)) from error
        if not isinstance(message, dict):
            return None
        if message.get("type") == "refused":
            raise Refused(str(message.get("reason")))
        return message

    def close(self) -> None:
        until = time.monotonic() + CLOSE_TIMEOUT
        try:
            if self._is_open:
                self._protocol.send_close(1000)
                self._flush()
            while self._protocol.state.name == "CLOSING" and self._take_in(max(0.0, until - time.monotonic())):
                pass
        except Exception:
            pass
        finally:
            self._socket.close()

    @property
    def _is_open(self) -> bool:
        return bool(self._protocol.state.name == "OPEN")

    def _left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _send(self, send: Any, message: bytes) -> None:
        try:
            send(message)
            self._flush()
        except Exception as error:
            raise LinkLost(_reason(error)) from error

    def _take_in(self, timeout: float) -> bool:
        """Takes what arrives next, and answers what has to be answered; whether anything came within these seconds."""
        self._socket.settimeout(timeout)
        try:
            data = self._socket.recv(BLOCK)
        except (BlockingIOError, socket.timeout):
            return False
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if getattr(event, "opcode", None) in (0, 1, 2):  # a message, or a part of one
                self._parts += event.data
                if event.fin:
                    self._messages.append(self._parts)
                    self._parts = b""
        self._flush()
        return True

    def _flush(self) -> None:
        """Sends what the protocol has to send. Raises OSError when nothing of it goes for ``SEND_TIMEOUT``."""
        self._socket.settimeout(SEND_TIMEOUT)
        for data in self._protocol.data_to_send():
            if not data:  # so the protocol says that nothing more will come
                self._socket.shutdown(socket.SHUT_WR)
            rest = memoryview(data)
            while rest:
                rest = rest[self._socket.send(rest) :]


def load_client() -> Any:
    """What makes the protocol for an address, vendored or installed; None where neither is. Loaded late: it takes a while.

    Of any size: a list of runs may be long.
    """
    try:
        from ._vendor.websockets.client import ClientProtocol
        from ._vendor.websockets.uri import parse_uri
    except ImportError:
        try:
            from websockets.client import ClientProtocol
            from websockets.uri import parse_uri
        except ImportError:
            return None
    return lambda address: ClientProtocol(parse_uri(address), logger=_silent(), max_size=None)


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _silent() -> Any:
    """A logger that says nothing, whatever the script does to logging."""
    import logging

    logger = logging.Logger("gradsight.websockets")
    logger.addHandler(logging.NullHandler())
    logger.disabled = True
    return logger
