"""One websocket connection to the editor: loopback only, no proxy, no compression, the token in a header."""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from typing import Any, Dict, Optional

from ._rendezvous import Rendezvous

SEND_TIMEOUT = 1.5


class Refused(Exception):
    """The editor takes nothing of this run; the message says why. Trying again is no use."""


class LinkLost(Exception):
    """The connection could not be made, or has ended."""


class Link:
    def __init__(self, rendezvous: Rendezvous, timeout: float) -> None:
        """Raises LinkLost when nobody answers within ``timeout`` seconds."""
        connect = load_client()
        if connect is None:
            raise LinkLost("no websocket client: install websockets")
        self._deadline = time.monotonic() + timeout  # from here on: the first time, loading may take longer than that
        try:
            self._socket = connect(
                f"ws://127.0.0.1:{rendezvous.port}/probe",
                additional_headers={"Authorization": f"Bearer {rendezvous.token}"},
                compression=None,
                proxy=None,
                open_timeout=timeout,
                close_timeout=0.5,
                ping_interval=None,
                user_agent_header="gradsight",
                logger=_silent(),
            )
            _limit_blocking(self._socket.socket)
        except Exception as error:
            raise LinkLost(str(error) or type(error).__name__) from error

    def greet(self, hello: bytes) -> int:
        """Sends the hello; returns the number from which the editor wants messages. Raises Refused, LinkLost."""
        self.send_text(hello)
        reply = self.receive(max(0.05, self._deadline - time.monotonic()))
        if reply is None or reply.get("type") != "welcome":
            raise LinkLost("no welcome")
        return int(reply["next"])

    def send_text(self, message: bytes) -> None:
        self._send(message.decode("utf-8"))

    def send_frame(self, frame: bytes) -> None:
        self._send(frame)

    def receive(self, timeout: float) -> Optional[Dict[str, Any]]:
        """The next message within ``timeout`` seconds, or None. Raises Refused, LinkLost."""
        try:
            text = self._socket.recv(timeout=timeout)
            message = json.loads(text)
        except TimeoutError:
            return None
        except Exception as error:
            raise LinkLost(str(error) or type(error).__name__) from error
        if not isinstance(message, dict):
            return None
        if message.get("type") == "refused":
            raise Refused(str(message.get("reason")))
        return message

    def close(self) -> None:
        try:
            self._socket.close()
        except Exception:
            pass

    def _send(self, message: Any) -> None:
        try:
            self._socket.send(message)
        except Exception as error:
            raise LinkLost(str(error) or type(error).__name__) from error


def load_client() -> Any:
    """The vendored client, or an installed one; None where there is neither. Loaded late: it takes a while."""
    try:
        from ._vendor.websockets.sync.client import connect
    except ImportError:
        try:
            from websockets.sync.client import connect
        except ImportError:
            return None
    return connect


def _silent() -> Any:
    """A logger that says nothing, whatever the script does to logging."""
    import logging

    logger = logging.Logger("gradsight.websockets")
    logger.addHandler(logging.NullHandler())
    logger.disabled = True
    return logger


def _limit_blocking(sock: socket.socket) -> None:
    """A peer that stops reading must not hold a send for ever. Python's own time-outs would also end receiving."""
    if sys.platform == "win32":
        option = struct.pack("L", int(SEND_TIMEOUT * 1000))
    else:
        option = struct.pack("ll", int(SEND_TIMEOUT), int(SEND_TIMEOUT % 1 * 1e6))
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, option)
    except OSError:
        pass
