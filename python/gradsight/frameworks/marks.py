"""Epochs and checkpoints: marks on the series of an optimizer, where a framework says by itself that it is there.

An epoch's mark is at the update that comes next, a checkpoint's at the one that was made last. Rank 0 tells of both.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Protocol, Union

from .._identity import Identity
from .._protocol import CHECKPOINT, EPOCH
from .._rebind import rebind
from ..metrics import saved_weights

Data = Dict[str, Union[str, float, None]]

MOST_WRAPPERS = 8
"""Of an optimizer around an optimizer."""


class Marked(Protocol):
    """A series, as it stands with the optimizer's updates."""

    @property
    def went_bad(self) -> bool:
        """Whether a gradient or a loss of it is known not to have been finite."""
        ...

    def mark(self, kind: str, message: str, data: Data, made: bool) -> bool:
        """At the update that was made last, or at the one that comes next. False where its run is over."""
        ...


class _Saving(threading.local):
    depth = 0
    """How many functions that save are under way in this thread: what the outer one calls is part of its checkpoint."""


class Marks:
    def __init__(self, identity: Callable[[], Identity]) -> None:
        """``identity`` of this process: one of its run tells of marks."""
        self._identity = identity
        self.saving = _Saving()
        self._series: "weakref.WeakKeyDictionary[Any, Marked]" = weakref.WeakKeyDictionary()
        self._begun: "weakref.WeakKeyDictionary[Any, int]" = weakref.WeakKeyDictionary()
        """Epochs that began before the optimizer's first update, and so before there is a series."""
        self._are_told = False
        """Whether a framework tells of epochs."""

    def began(self, optimizer: Any, series: Marked) -> None:
        """The series of this optimizer, which is about to make its first update."""
        self._series[optimizer] = series
        number = self._begun.pop(optimizer, None)
        if number is not None:
            _mark_epoch(series, number)

    def epoch(self, optimizers: Iterable[Any], number: int) -> None:
        """The framework begins this epoch, as it counts them itself, with these optimizers."""
        self._are_told = True
        if not self._tells():
            return
        for optimizer in optimizers:
            if not any(_mark_epoch(series, number) for series in self._series_of([optimizer])):
                for each in _unwrapped(optimizer):
                    self._begun[each] = number

    def passed(self, optimizer: Any, number: int) -> None:
        """The optimizer has made its first update after so many passes over the data; counts where no framework does."""
        if self._tells() and not self._are_told:
            for series in self._series_of([optimizer]):
                _mark_epoch(series, number, made=True)

    def checkpoint(self, optimizers: Iterable[Any], path: Any, saved: Optional[Iterable[Any]] = None) -> None:
        """What these optimizers have made of the model is in ``path`` now.

        ``saved``: the tensors of their weights there, gone through where it matters how they are; by default their own.
        """
        if not self._tells():
            return
        name = os.fsdecode(path)
        data: Data = {"path": name}
        optimizers = list(optimizers)
        found = self._series_of(optimizers)
        if any(series.went_bad for series in found):
            data["weights"] = self._look(optimizers, saved)
        for series in found:
            last_parts = name.replace(os.sep, "/").rstrip("/").split("/")[-2:]
            series.mark(CHECKPOINT, "/".join(last_parts), data, made=True)

    def _tells(self) -> bool:
        return self._identity().rank == 0

    def _look(self, optimizers: List[Any], saved: Optional[Iterable[Any]]) -> Optional[str]:
        is_all = saved is not None or self._identity().world_size == 1
        try:
            return saved_weights.look(_weights(optimizers) if saved is None else saved, is_all)
        except Exception:  # of a kind that can't be looked into: the mark is what counts
            return None

    def _series_of(self, optimizers: Iterable[Any]) -> List[Marked]:
        """Each once: one series may be several optimizers'."""
        found: Dict[int, Marked] = {}
        for optimizer in optimizers:
            known = (self._series.get(each) for each in _unwrapped(optimizer))
            series = next((series for series in known if series is not None), None)
            if series is not None:
                found[id(series)] = series
        return list(found.values())


def _mark_epoch(series: Marked, number: int, made: bool = False) -> bool:
    return series.mark(EPOCH, f"Epoch {number} begins.", {"epoch": number}, made)


def _weights(optimizers: Iterable[Any]) -> Iterator[Any]:
    for optimizer in optimizers:
        for group in getattr(optimizer, "param_groups", ()):  # as an optimizer of PyTorch has them
            yield from group["params"]


def _unwrapped(optimizer: Any) -> Iterator[Any]:
    """The optimizer, and those that it wraps."""
    for _ in range(MOST_WRAPPERS):
        if optimizer is None:
            return
        yield optimizer
        optimizer = getattr(optimizer, "optimizer", None)


def wrap_save(holder: Any, name: str, marks: Callable[[], Marks], note: Callable[..., object]) -> None:
    """Replaces a function that saves. Once it has, ``note`` is called with its result and arguments, and must not raise."""
    original = getattr(holder, name)

    @functools.wraps(original)
    def save(*args: Any, **kwargs: Any) -> Any:
        saving = marks().saving
        saving.depth += 1
        try:
            result = original(*args, **kwargs)
        finally:
            saving.depth -= 1
        if saving.depth == 0:
            note(result, *args, **kwargs)
        return result

    setattr(holder, name, save)
    if not isinstance(holder, type):
        rebind(original, save)
