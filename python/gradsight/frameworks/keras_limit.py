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
    norms: List[Any] = []
    """Of each gradient the norm, of all together, that it was clipped by; None where that is no clip by such a norm."""


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


TOLD = {"other": "clipnorm", "norm": "global_clipnorm", "value": "clipvalue"}
"""Kind of clipping → what the optimizer is told the limit by."""


@contextmanager
def told(optimizer: Any, name: str, limit: float) -> Iterator[None]:
    """In here the optimizer is one that was made with this limit, which goes by this ``name``; infinite: with none."""
    own = getattr(optimizer, name)
    setattr(optimizer, name, limit if math.isfinite(limit) else None)
    try:
        yield
    finally:
        setattr(optimizer, name, own)
