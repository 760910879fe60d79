"""What the gradients of one optimizer are made of: the losses differentiated into them, and the clips, since its last update.

Which backward pass adds to which optimizer's gradients is told by the gradients themselves: a pass that changes none of
an optimizer's has nothing to do with it.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Sequence, Tuple

from .._protocol import Location
from .torch_reading import Number, value_of

EXACTLY, ALL, SOME, NONE = "exactly", "all", "some", "none"
"""How much of an optimizer's parameters a clip covers; ALL: and others besides."""

MAX_WITNESSES = 16
"""Parameters of one optimizer whose gradients are looked at before and after each backward pass."""

MAX_LOSSES = 4096
"""Backward passes into one update whose losses are added up; of more, the loss is not known."""


class Clip:
    """One call of a clip function."""

    __slots__ = (
        "by_value",
        "function",
        "ids",
        "is_share",
        "layers",
        "layers_are_shares",
        "location",
        "max_norm",
        "norm",
        "norm_type",
        "order",
    )

    def __init__(
        self,
        ids: Tuple[int, ...],
        by_value: bool,
        function: str,
        location: Optional[Location],
        max_norm: Optional[Number],
        norm: Optional[Number],
        norm_type: float,
        layers: Any,
        order: int,
        is_share: bool = False,
        layers_are_shares: bool = False,
    ) -> None:
        """``is_share``: the norm is this rank's share of it; ``layers_are_shares``: so are those of the layers."""
        self.ids = ids
        self.by_value = by_value
        self.function = function
        self.location = location
        self.max_norm = max_norm
        self.norm = norm
        self.norm_type = norm_type
        self.layers = layers
        self.order = order
        self.is_share = is_share
        self.layers_are_shares = layers_are_shares

    def arrive(self) -> None:
        """Its numbers are there, but will not stay where they are."""
        self.max_norm, self.norm = value_of(self.max_norm), value_of(self.norm)

    @property
    def only_measures(self) -> bool:
        return isinstance(self.max_norm, float) and math.isinf(self.max_norm)


class Gradients:
    """Kept for every optimizer of the process, from its making on. The optimizer itself is handed in: it is not held."""

    def __init__(self) -> None:
        self.losses: List[Optional[Number]] = []
        """Of each backward pass; None: of a root that is not one number."""
        self.clips: List[Tuple[Clip, str]] = []
        """In order, each with how much of the parameters it covers."""
        self._used = False
        self._sizes: List[int] = []
        self._witnesses: List[Any] = []
        self._before: List[Optional[Tuple[int, int]]] = []
        """Of each witness's gradient what differs after it was added to, or made; None where there is none."""
        self._weights: Optional[int] = None
        self._own: "frozenset[int]" = frozenset()
        self._coverage: Dict[Tuple[int, ...], str] = {}
        self._latest: Tuple[Tuple[int, ...], str] = ((-1,), NONE)
        """Of it: a clip of the same parameters comes with the same tuple of ids, as a rule."""

    def begin_pass(self, optimizer: Any) -> None:
        """Notes how the gradients are."""
        self._look(optimizer)
        self._before = [
            None if (gradient := parameter.grad) is None else (id(gradient), gradient._version)
            for parameter in self._witnesses
        ]

    def end_pass(self, loss: Optional[Number], watch_weights: bool) -> bool:
        """Whether the pass that was begun has added to these gradients. ``watch_weights``: for ``weights_changed``."""
        if not self._changed():
            return False
        if self._used or not any(self._before):
            self.forget()
        if len(self.losses) < MAX_LOSSES:
            self.losses.append(loss)
        else:
            self.losses[-1] = None
        self._weights = None
        if watch_weights:
            self.watch_weights()
        return True

    def watch_weights(self) -> None:
        """From now on, if a pass has gone before."""
        if self.losses and not self._used:
            self._weights = self._weight_versions()

    def weights_changed(self) -> bool:
        """Whether they have since the last pass, without an update that was seen."""
        return self._weights is not None and not self._used and self._weights != self._weight_versions()

    def forget(self) -> None:
        """What went before is not part of the next update."""
        self._used = False
        self._weights = None
        if self.losses:
            self.losses.clear()
        if self.clips:
            self.clips.clear()

    def use(self) -> None:
        """An update has used the gradients. A further one, without a pass in between, uses the same."""
        self._used = True

    def look_anew(self) -> None:
        """Chooses other gradients to look at in the next pass: parameters may have been frozen or unfrozen."""
        self._sizes = []

    def clipped(self, optimizer: Any, clip: Clip) -> None:
        coverage = self.coverage(optimizer, clip.ids)
        if coverage == NONE:
            return
        if self._used:  # gradients that no backward pass made
            self.forget()
        self.clips.append((clip, coverage))

    def coverage(self, optimizer: Any, ids: Tuple[int, ...]) -> str:
        """How a clip of these parameters relates to the optimizer's own."""
        self._look(optimizer)
        if ids is self._latest[0]:
            return self._latest[1]
        known = self._coverage.get(ids)
        if known is None:
            clipped = frozenset(ids)
            both = len(clipped & self._own)
            if both == len(self._own):
                known = EXACTLY if both == len(clipped) else ALL
            else:
                known = SOME if both else NONE
            if len(self._coverage) > 4096:
                self._coverage.clear()
            self._coverage[ids] = known
        self._latest = ids, known
        return known

    @property
    def count(self) -> int:
        """Of the optimizer's parameters."""
        return len(self._own)

    def owns(self, parameter: Any) -> bool:
        return id(parameter) in self._own

    def _look(self, optimizer: Any) -> None:
        """Chooses witnesses, once, and again after ``add_param_group``."""
        groups = optimizer.param_groups
        if len(groups) == 1 and [len(groups[0]["params"])] == self._sizes:
            return
        sizes = [len(group["params"]) for group in groups]
        if sizes == self._sizes:
            return
        self._sizes = sizes
        parameters = [parameter for group in groups for parameter in group["params"]]
        self._own = frozenset(map(id, parameters))
        self._coverage.clear()
        self._latest = (-1,), NONE
        self._weights = None
        watched = [parameter for parameter in parameters if _can_be_watched(parameter)]
        likely = [parameter for parameter in watched if parameter.grad is not None]
        self._witnesses = spread(likely or [each for each in watched if each.requires_grad], MAX_WITNESSES)

    def _changed(self) -> bool:
        """Whether a witness's gradient was added to, or made; nearly always the first one's was, and no other is looked at."""
        for witness, before in zip(self._witnesses, self._before):
            gradient = witness.grad
            if before != (None if gradient is None else (id(gradient), gradient._version)):
                return True
        return False

    def _weight_versions(self) -> int:
        return sum([parameter._version for parameter in self._witnesses])


def _can_be_watched(parameter: Any) -> bool:
    """Not what is computed itself, whose gradient one may not ask for, nor what tracks no version."""
    try:
        return bool(parameter.is_leaf) and parameter._version >= 0
    except RuntimeError:
        return False


def spread(items: Sequence[Any], count: int) -> List[Any]:
    """At most ``count`` of the items, evenly, the first and the last among them."""
    if len(items) <= count:
        return list(items)
    return [items[index * (len(items) - 1) // (count - 1)] for index in range(count)]
