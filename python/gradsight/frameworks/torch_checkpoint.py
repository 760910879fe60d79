"""``torch.save``: a checkpoint where it saves what an optimizer updates.

That is seen by the memory that what was saved shares with the parameters, and, of copies, by their names: nothing is copied,
and nothing read unless the run has gone bad. Most of an optimizer's parameters have to be in it. An optimizer's state alone is part of a checkpoint, not one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from itertools import islice
from typing import Any, Iterator, List, Set, Tuple

from .._guard import Guard
from .marks import wrap_save
from .torch_recorder import TorchRecorder, torch

_guard = Guard("recording checkpoints")

DEPTH = 4
"""Of what was saved: {"model": {"encoder": {name: tensor}}} is three deep."""

MOST_TENSORS = 100_000


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.serialization``."""

    @_guard
    def note(_: Any, obj: Any, f: Any, *args: Any, **kwargs: Any) -> None:
        path = f if isinstance(f, (str, os.PathLike)) else getattr(f, "name", None)  # a buffer has none
        if isinstance(path, (str, bytes, os.PathLike)):
            saved(recorder, obj, path)

    wrap_save(module, "save", lambda: recorder.marks, note)


def saved(recorder: TorchRecorder, obj: Any, path: Any) -> None:
    """``obj`` is in ``path`` now: a checkpoint of those whose weights are in it."""
    optimizers = trained(recorder, obj)
    recorder.marks.checkpoint(optimizers, path, weights(recorder, obj, optimizers))


def trained(recorder: TorchRecorder, obj: Any) -> List[Any]:
    """The optimizers whose parameters, or copies of them, are in ``obj``: modules, state dicts, containers of them.

    What another thread saves than the one that trains is of a step that isn't known: whoever had it saved tells of it.
    """
    places: Set[int] = set()
    names: Set[str] = set()
    for name, tensor in islice(_tensors(obj, DEPTH), MOST_TENSORS):
        places.add(_place(tensor))
        names.add(_plain(name))
    places.discard(0)
    found = []
    for optimizer, _ in recorder.all_gradients() if names else ():
        series = recorder.known_series(optimizer)
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        if (series is not None and series.thread == threading.get_ident()) and (
            _most(_place(parameter) in places for parameter in parameters)
            or _most(_plain(name) in names for name in series.names(parameters))
        ):
            found.append(optimizer)
    return found


def weights(recorder: TorchRecorder, obj: Any, optimizers: List[Any]) -> Iterator[Any]:
    """The parameters of these optimizers, or the copies of them, in ``obj``."""
    places: Set[int] = set()
    names: Set[str] = set()
    for optimizer in optimizers:
        series = recorder.known_series(optimizer)
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        places.update(map(_place, parameters))
        names.update(map(_plain, [] if series is None else series.names(parameters)))
    places.discard(0)
    for name, tensor in islice(_tensors(obj, DEPTH), MOST_TENSORS):
        if _place(tensor) in places or _plain(name) in names:
            yield tensor


def _most(flags: Iterator[bool]) -> bool:
    listed = list(flags)
    return 2 * sum(listed) > len(listed)


def _tensors(obj: Any, depth: int) -> Iterator[Tuple[str, Any]]:
    if isinstance(obj, torch().nn.Module):
        yield from obj.named_parameters()
        return
    items = obj.items() if isinstance(obj, Mapping) else enumerate(obj) if isinstance(obj, (list, tuple)) else ()
    for name, value in items:
        if isinstance(value, torch().Tensor):
            yield str(name), value
        elif depth > 1:
            yield from _tensors(value, depth - 1)


def _place(tensor: Any) -> int:
    """Where its elements begin in memory; 0 where they are in none."""
    try:
        return int(tensor.data_ptr())
    except Exception:  # a tensor that stands for others
        return 0


def _plain(name: str) -> str:
    """Without what the wrappers of data-parallel training and of torch.compile add."""
    name = name.replace("_orig_mod.", "")
    return name[len("module.") :] if name.startswith("module.") else name
