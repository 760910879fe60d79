"""A hub for tests that takes several processes at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

from testing_hub import HubForTests
from websockets.exceptions import ConnectionClosed


class Crowd(HubForTests):
    """Takes several processes at a time, each on a hub of its own."""

    def __init__(self, storage: Path) -> None:
        super().__init__(storage)
        self.attempts: Dict[str, HubForTests] = {}

    def _serve(self, connection: Any) -> None:
        own = None
        try:
            for message in connection:
                with self._changed:
                    if own is None:
                        own = self.attempts.setdefault(json.loads(message)["attempt"], HubForTests(self.storage))
                    answer = own._take(message)
                    self._changed.notify_all()
                if answer is not None:
                    connection.send(json.dumps(answer))
        except ConnectionClosed:
            pass

    def ranks(self, count: int, ended: bool = True) -> List[HubForTests]:
        """Those that took steps, by rank, once there are so many."""

        def training() -> List[HubForTests]:
            found = [hub for hub in self.attempts.values() if hub.series and (hub.end or not ended)]
            return sorted(found, key=lambda hub: int(hub.hellos[0]["rank"]))

        self.wait(lambda: len(training()) >= count)
        return training()
