"""The loss in JAX: the value that ``jax.value_and_grad`` gave along with just these gradients.

Gradients that the script changed first (averaged over devices, say) are other gradients, whose loss isn't known.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections import deque
from typing import Any, Callable, Deque, List, Optional, Tuple

from .._guard import Guard
from .._rebind import rebind
from .torch_recorder import TorchRecorder

REMEMBERED = 16
"""Calls whose gradients may still be used."""

_guard = Guard("recording the loss of JAX")


class _Calls(threading.local):
    def __init__(self) -> None:
        self.latest: "Deque[Tuple[weakref.ref[Any], weakref.ref[Any]]]" = deque(maxlen=REMEMBERED)
        """The first gradient, and the value."""


_calls = _Calls()


def loss_of(gradients: List[Any]) -> Optional[Any]:
    """The value that was differentiated, if it is known: an array of one element."""
    for gradient, value in reversed(_calls.latest):
        if gradient() is gradients[0]:
            return value()
    return None


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``jax``."""
    original = module.value_and_grad

    @_guard
    def note(value: Any, gradients: Any) -> None:
        leaves = module.tree_util.tree_leaves(gradients)
        if leaves and getattr(value, "size", 0) == 1:
            _calls.latest.append((weakref.ref(leaves[0]), weakref.ref(value)))

    @functools.wraps(original)
    def value_and_grad(fun: Any, argnums: Any = 0, has_aux: bool = False, *args: Any, **kwargs: Any) -> Any:
        differentiate: Callable[..., Any] = original(fun, argnums, has_aux, *args, **kwargs)

        @functools.wraps(differentiate)
        def differentiated(*args: Any, **kwargs: Any) -> Any:
            result = differentiate(*args, **kwargs)
            value, gradients = result
            note(value[0] if has_aux else value, gradients)
            return result

        return differentiated

    rebind(original, value_and_grad)
