"""What live control does to one update of a Keras optimizer, or to one that a tape's loop has clipped the gradients of.

An update that Python makes is told another limit, as the optimizer's own; what the loop has clipped is clipped anew from what
it was before. A graph of TensorFlow's has all three ways in it, and reads which one it is to go.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, ContextManager, List, NamedTuple, Optional

from .graph_control import COMPILED, InForce
from .graph_series import GraphSeries
from .keras_limit import TOLD, Before, Limit, limit_of, told


class KerasControl(NamedTuple):
    backend: Any
    kind: str
    """Of clipping."""
    name: Optional[str]
    """By which the optimizer is told its limit; None: the script clips by itself."""
    before: Before
    in_force: Any
    """An ``InForce``, or what a graph has in its place."""

    @classmethod
    def of(cls, optimizer: Any, series: GraphSeries, gradients: List[Any], backend: Any) -> "Optional[KerasControl]":
        """``gradients``: those that there are."""
        own, before = limit_of(optimizer), backend.before_clipping(gradients)
        limit: Optional[Limit] = own or before.limit
        if limit is None or series.control is None:
            return None
        if own is not None:
            before = Before(gradients, own)
        elif limit.threshold is None and limit.clip.kind == "value":
            series.fixed = f"{limit.clip.function} clips with bounds that are not one number and its negative."
            return None
        in_force = series.control.in_force
        if backend.is_traced(gradients):
            in_force = backend.in_force_in_graph(series)
        series.fixed = None if in_force is not None else COMPILED.format(function=limit.clip.function)
        if in_force is None:
            return None
        return cls(backend, limit.clip.kind, None if own is None else TOLD[limit.clip.kind], before, in_force)

    @property
    def change(self) -> Any:
        return self.in_force.change

    @property
    def _told_by(self) -> Optional[str]:
        """What the optimizer is told the limit by; None where it is not told, but what it makes is replaced."""
        return self.name if isinstance(self.in_force, InForce) else None

    def told(self, optimizer: Any) -> ContextManager[None]:
        """In here the optimizer is told to clip as the user has it."""
        name, limit = self._told_by, self.in_force.limit
        return nullcontext() if name is None or limit is None else told(optimizer, name, limit)

    def replace(self, clipped: Any) -> Any:
        """What the optimizer is to use in place of ``clipped``; None: just that."""
        if self._told_by is not None or self.in_force.limit is None:
            return None
        present = [gradient for gradient in clipped if gradient is not None]
        made = iter(self.backend.clipped(self.kind, self.before, present, self.in_force.limit))
        return [None if gradient is None else next(made) for gradient in clipped]
