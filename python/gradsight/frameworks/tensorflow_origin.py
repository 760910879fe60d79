"""Where a gradient of TensorFlow comes from: which tape gave it for which loss, and which clip made it of what.

Gradients are values, in eager code as while a ``tf.function`` is traced; one that the script changed otherwise is another
value, of which nothing is known.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any, Dict, NamedTuple, Optional, Tuple

from .keras_limit import Limit


class Clipped(NamedTuple):
    gradient: Any
    """As it was before."""
    limit: Limit
    norm: Any = None
    """Of all the gradients that were clipped by it together."""


class _Origins(threading.local):
    def __init__(self) -> None:
        self.known: "Dict[int, Tuple[weakref.ref[Any], Any]]" = {}


class Origins:
    """By tensor, as long as the tensor lives. Tensors are not hashable."""

    def __init__(self) -> None:
        self._origins = _Origins()

    def put(self, tensor: Any, origin: Any) -> None:
        known, key = self._origins.known, id(tensor)
        known[key] = weakref.ref(tensor, lambda _: known.pop(key, None)), origin

    def get(self, tensor: Any) -> Optional[Any]:
        reference, origin = self._origins.known.get(id(tensor), (None, None))
        return origin if reference is not None and reference() is tensor else None


losses = Origins()
"""Gradient → the loss that was differentiated."""
clips = Origins()
"""Clipped gradient → ``Clipped``."""
