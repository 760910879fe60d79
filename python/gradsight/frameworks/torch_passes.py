"""Epochs of a loop of one's own: passes over a ``DataLoader`` in whose course the training updates.

A pass counts where the loader was run through to its end and updates came between its batches. The mark is at the first update
of the next pass, and its number is that of the passes before it. What can't be told apart has none: loaders that advance
together or in another thread, several that feed the training in turn, and a new one for each epoch.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any, Optional, Set

from .marks import Marks


class Loader:
    def __init__(self) -> None:
        self.passes = 0
        self.ended = False
        self.thread = 0
        self.fed: "weakref.WeakSet[Any]" = weakref.WeakSet()
        """Optimizers that have updated in this pass."""
        self.due: "weakref.WeakSet[Any]" = weakref.WeakSet()
        """Those that did so in the one before, and have not since."""

    def begin(self) -> None:
        if self.ended and self.fed:
            self.passes += 1
            self.due = self.fed
        self.fed = weakref.WeakSet()
        self.ended = False


class Passes:
    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._loaders: "weakref.WeakKeyDictionary[Any, Loader]" = weakref.WeakKeyDictionary()
        self._iterators: "weakref.WeakKeyDictionary[Any, Loader]" = weakref.WeakKeyDictionary()
        self._advanced: Set[Loader] = set()
        """Since the last update."""
        self._feeders: "weakref.WeakSet[Loader]" = weakref.WeakSet()
        """Those that have ever been the only ones to advance before an update."""
        self._several = False
        """Whether there have ever been two of them."""
        self._feeder: Optional[Loader] = None

    def begin(self, loader: Any, iterator: Any) -> None:
        found = self._loaders.get(loader)
        if found is None:
            found = self._loaders[loader] = Loader()
        found.begin()
        self._iterators[iterator] = found

    def advance(self, iterator: Any) -> None:
        loader = self._iterators.get(iterator)
        if loader is not None:
            loader.thread = threading.get_ident()
            self._advanced.add(loader)

    def end(self, iterator: Any) -> None:
        loader = self._iterators.get(iterator)
        if loader is not None:
            loader.ended = True

    def updated(self, optimizer: Any) -> None:
        """After each update of an optimizer, or one that was skipped."""
        if self._advanced:
            self._find_feeder()
        loader = self._feeder
        if loader is None:
            return
        loader.fed.add(optimizer)
        if optimizer in loader.due:
            loader.due.discard(optimizer)
            if not self._several:
                self._marks.passed(optimizer, loader.passes)

    def _find_feeder(self) -> None:
        """Beside the one that feeds the training another may have been run through, to validate."""
        advanced, self._advanced = self._advanced, set()
        known = [loader for loader in advanced if loader in self._feeders]
        loader = next(iter(advanced)) if len(advanced) == 1 else known[0] if len(known) == 1 else None
        if loader is None or loader.thread != threading.get_ident():
            self._feeder = None
            return
        self._several = self._several or (bool(self._feeders) and not known)
        self._feeders.add(loader)
        self._feeder = loader
