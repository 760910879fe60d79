"""A small hub for tests: a real websocket server that speaks ``protocol/telemetry.ts`` and remembers what it got."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from safetensors.numpy import load
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

SCALARS = ["norm_pre", "norm_post", "threshold", "loss", "lr", "update_ratio", "step_time", "loss_scale"]
SCALARS += ["shard_pre", "shard_post", "shard_update", "shard_weights"]
SKIPPED, POST_DERIVED, BY_VALUE = 1, 2, 4
PATIENCE = 60


class HubForTests:
    def __init__(self, storage: Path, token: str = "a-token", acknowledges: bool = True) -> None:
        self.storage = storage
        self.token = token
        self.acknowledges = acknowledges
        self.rendezvous = storage / "rendezvous.json"
        self.spill = storage / "spill"
        self.hellos: List[Dict[str, Any]] = []
        self.refused = 0
        self.reading = threading.Event()
        """Cleared: it greets, and then reads nothing more."""
        self.reading.set()
        self.series: Dict[str, Dict[str, Any]] = {}
        self.received: Dict[int, Any] = {}
        """By number: an event, an end, or a frame as {"metadata", "columns"}."""
        self.stories: List[Dict[str, Any]] = []
        """Those that came without an event or the end."""
        self.controlled: List[Dict[str, Any]] = []
        """Answers to what it asked for."""
        self.states: List[Dict[str, Any]] = []
        """What it was told of what holds, unasked."""
        self._changed = threading.Condition()
        self._connections: List[ServerConnection] = []
        self._server: Any = None

    def start(self) -> HubForTests:
        self._server = serve(self._serve, "127.0.0.1", 0, process_request=self._admit, max_size=2**23)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.announce(self._server.socket.getsockname()[1], self.token)
        return self

    def announce(self, port: int, token: str) -> None:
        content = {"protocol": 1, "port": port, "token": token, "pid": os.getpid(), "spill": str(self.spill)}
        fresh = self.rendezvous.with_suffix(".new")
        fresh.write_text(json.dumps(content))
        fresh.replace(self.rendezvous)

    def stop(self) -> None:
        """As a kill would: connections end, the rendezvous file stays."""
        if self._server is not None:
            self._server.shutdown()
            for connection in self._connections:
                try:
                    connection.socket.shutdown(socket.SHUT_RDWR)
                except OSError:  # closed already
                    pass
            self._server = None

    def environment(self, **more: str) -> Dict[str, str]:
        return {"GRADSIGHT_RENDEZVOUS": str(self.rendezvous), **more}

    def wait(self, done: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """What ``done`` returns, once that is something."""
        with self._changed:
            assert self._changed.wait_for(done, patience), f"not in time; received: {self.received}"
            return done()

    def ask(self, **control: Any) -> None:
        """Asks the probe that has greeted last for a change of its run."""
        self.say(type="control", **control)

    def say(self, **message: Any) -> None:
        self._connections[-1].send(json.dumps(message))

    def wait_for_answer(self, id: int) -> Dict[str, Any]:
        find = lambda: next((answer for answer in self.controlled if answer["id"] == id), None)  # noqa: E731
        answer: Dict[str, Any] = self.wait(find)
        return answer

    @property
    def events(self) -> List[Dict[str, Any]]:
        return [self.received[seq]["event"] for seq in sorted(self.received) if "event" in self.received[seq]]

    @property
    def end(self) -> Optional[Dict[str, Any]]:
        return next((message for message in self.received.values() if message.get("type") == "end"), None)

    def steps(self, series: str) -> List[Dict[str, Any]]:
        """The steps of a series in the order of arrival, each with those scalars that are present."""
        steps = []
        for seq in sorted(self.received):
            frame = self.received[seq]
            if "columns" not in frame or frame["metadata"]["series"] != series:
                continue
            columns = frame["columns"]
            for row, step in enumerate(columns["step"].tolist()):
                present = int(columns["present"][row])
                scalars: Dict[str, Any] = {
                    name: float(columns[name][row]) for bit, name in enumerate(SCALARS) if present >> bit & 1
                }
                if "group_lr" in columns:
                    scalars["group_lr"] = columns["group_lr"][row].tolist()
                steps.append({"step": step, "flags": int(columns["flags"][row]), **scalars})
        return steps

    def layers(self, series: str, kind: str = "layer") -> Dict[int, Dict[str, float]]:
        """The sampled norms of all layers by step and name; of their weights, if ``kind`` is "weight"."""
        found: Dict[int, Dict[str, float]] = defaultdict(dict)
        for frame in self.received.values():
            if "columns" in frame and frame["metadata"]["series"] == series and f"{kind}_step" in frame["columns"]:
                names = self.series[series]["layers"][frame["metadata"]["layers"]]
                columns = frame["columns"]
                for step, norms in zip(columns[f"{kind}_step"].tolist(), columns[f"{kind}_norm"]):
                    found[step] = dict(zip(names, norms.tolist()))
        return found

    def wait_for_steps(self, series: str, count: int) -> List[Dict[str, Any]]:
        self.wait(lambda: len(self.steps(series)) >= count)
        return self.steps(series)

    def _admit(self, connection: ServerConnection, request: Any) -> Any:
        if request.path != "/probe" or request.headers.get("Authorization") != f"Bearer {self.token}":
            self.refused += 1
            return connection.respond(401, "no\n")
        return None

    def _serve(self, connection: ServerConnection) -> None:
        self._connections.append(connection)
        try:
            for message in connection:
                with self._changed:
                    answer = self._take(message)
                    self._changed.notify_all()
                if answer is not None:
                    connection.send(json.dumps(answer))
                self.reading.wait()
        except ConnectionClosed:
            pass

    def _take(self, message: Any) -> Optional[Dict[str, Any]]:
        if isinstance(message, bytes):
            length = int.from_bytes(message[:8], "little")
            metadata = json.loads(message[8 : 8 + length])["__metadata__"]
            assert metadata["series"] in self.series, "a frame of a series that was not declared"
            seq = int(metadata["seq"])
            self.received.setdefault(seq, {"metadata": metadata, "columns": load(message)})
        else:
            decoded = json.loads(message)
            if decoded["type"] == "hello":
                self.hellos.append(decoded)
                for series in decoded["series"]:
                    self.series[series["id"]] = series
                return {"type": "welcome", "protocol": 1, "next": self._next()}
            if decoded["type"] == "story":
                self.stories.append(decoded["story"])
                return None
            if decoded["type"] == "series":
                self.series[decoded["series"]["id"]] = decoded["series"]
                return None
            if decoded["type"] == "controlled":
                self.controlled.append(decoded)
                return None
            if decoded["type"] == "control":
                self.states.append(decoded)
                return None
            self.received.setdefault(decoded["seq"], decoded)
        return {"type": "ack", "next": self._next()} if self.acknowledges else None

    def _next(self) -> int:
        seq = 0
        while seq in self.received:
            seq += 1
        return seq
