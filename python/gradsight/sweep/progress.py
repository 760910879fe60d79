"""How far a sweep has come, in a file that whoever started it can read while it runs."""

from __future__ import annotations

import json
import os
from typing import List, Optional

from .trials import Result, Wanted, still_to_run


class Progress:
    def __init__(self, path: Optional[str]) -> None:
        """``path``: None, where nobody asked."""
        self._path = path
        self._wanted: List[Wanted] = []

    def of(self, wanted: List[Wanted], results: List[Result]) -> None:
        """``wanted``: all trials of the sweep, as far as is known by now."""
        self._wanted = wanted
        self.tell(results)

    def tell(self, results: List[Result]) -> None:
        """The file is replaced, so that a reader never sees half of it."""
        if self._path is None:
            return
        trials = len(self._wanted)
        done = trials - len(still_to_run(self._wanted, results))
        with open(f"{self._path}.new", "w", encoding="utf-8") as stream:
            stream.write(json.dumps({"done": done, "trials": trials}))
        os.replace(f"{self._path}.new", self._path)
