"""How gradients are clipped on their way into a Keras optimizer."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import Any, Iterator, List, NamedTuple, Optional

from .._protocol import Clip
from .._scalars import BY_VALUE


class Limit(NamedTuple):
    """How gradients are clipped."""

    clip: Clip
    threshold: Any
    """A number, or one of the framework's; None where nothing bounds the norm or each value."""
    flags: int


class Before(NamedTuple):
    """Gradients as they were before the script, not the optimizer, clipped them, and how it did."""

    gradients: List[Any]
    limit: Optional[Limit]


def limit_of(optimizer: Any) -> Optional[Limit]:
    """What the optimizer was told, in the order in which Keras asks."""
    package = type(optimizer).__module__.partition(".")[0]
    kind = "tf_keras.optimizers.Optimizer" if package == "tf_keras" else "keras.optimizers.Optimizer"
    if optimizer.clipnorm and optimizer.clipnorm > 0:
        return Limit(Clip("other", f"{kind}(clipnorm=…)", None), None, 0)
    if optimizer.global_clipnorm and optimizer.global_clipnorm > 0:
        return Limit(Clip("norm", f"{kind}(global_clipnorm=…)", None), float(optimizer.global_clipnorm), 0)
    if optimizer.clipvalue and optimizer.clipvalue > 0:
        return Limit(Clip("value", f"{kind}(clipvalue=…)", None), float(optimizer.clipvalue), BY_VALUE)
    return None


@contextmanager
def with_global_clipnorm(optimizer: Any, limit: float) -> Iterator[None]:
    """In here the optimizer is one that was made with this ``global_clipnorm``; infinite: with none."""
    own = optimizer.global_clipnorm
    optimizer.global_clipnorm = limit if math.isfinite(limit) else None
    try:
        yield
    finally:
        optimizer.global_clipnorm = own
