"""Why a loss is not finite: the first value of the forward pass that was not, found in what autograd has kept of it.

Looked for once in a streak of bad losses, right before their backward pass, and only where the loss can be read without
waiting for a device. Autograd keeps the inputs or results of most operations until then; what it has not kept is not
guessed at.
"""

from __future__ import annotations

import math
import re
import sys
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..metrics.nonfinite_cause import INPUT, OPERATION, WEIGHTS, Cause
from .torch_hazards import HAZARDS
from .torch_reading import Number

MAX_NODES = 100_000
MAX_ROWS = 16
"""Rows of a batch that are named."""

# What autograd calls inputs, parameters and results.
TOLD_BY = tuple(
    f"_saved_{name}"
    for name in ("self", "input", "other", "mat", "batch", "vec", "tensor", "target", "weight", "result", "hx", "cx")
)

_hooks_used = False


class Culprit(NamedTuple):
    cause: Cause
    parameter: Any
    """The nearest one to the place, or None."""


class Culprits:
    """Looks once in a streak of bad losses."""

    def __init__(self) -> None:
        self._passes = 0
        self._last_bad = -2
        self._latest: Optional[Culprit] = None

    def look(self, loss: Optional[Number], roots: Sequence[Any]) -> None:
        """Before every backward pass from ``roots``."""
        self._passes += 1
        if loss is None or not _is_bad(loss):
            return
        number = self._passes - 1
        goes_on, self._last_bad = self._last_bad == number - 1, number
        if not goes_on:
            found = find(roots[0])
            self._latest = None if found is None else found._replace(cause=found.cause._replace(batch=number))

    def of(self, losses: Sequence[Optional[Number]]) -> Optional[Culprit]:
        """Of an update for which these losses were differentiated."""
        return self._latest if self._latest is not None and any(map(_is_bad, losses)) else None


def _is_bad(loss: Optional[Number]) -> bool:
    return isinstance(loss, float) and not math.isfinite(loss)


def install(module: Any, recorder: Any) -> None:
    """``module`` is ``torch.autograd.graph``. A graph whose tensors are kept by hooks is not looked into: reading one
    may compute part of the forward pass again, as checkpointing does."""
    hooks = module.saved_tensors_hooks
    original = hooks.__enter__

    def enter(self: Any) -> Any:
        global _hooks_used
        _hooks_used = True
        return original(self)

    hooks.__enter__ = enter


def find(root: Any) -> "Optional[Culprit]":
    """The cause and the parameter that is nearest to it, for a root that is not finite and was not yet differentiated."""
    if _hooks_used or root.grad_fn is None:
        return None
    nodes = _in_order(root.grad_fn)
    with _torch().no_grad():
        for node in nodes:
            found = _first_bad(node, masked=False)
            if found is not None:
                return found
        for node in nodes:
            if _hazard(node) is not None:
                return _made_by(node)
        return next((found for found in (_first_bad(node, masked=True) for node in nodes) if found is not None), None)


def _in_order(root: Any) -> List[Any]:
    """The operations in the order of the forward pass."""
    seen = {root}
    waiting: List[Any] = [root]
    nodes: List[Any] = []
    while waiting and len(nodes) < MAX_NODES:
        node = waiting.pop()
        if not hasattr(node, "variable"):
            nodes.append(node)
        for before, _ in node.next_functions:
            if before is not None and before not in seen:
                seen.add(before)
                waiting.append(before)
    number = getattr(root, "_sequence_nr", None)
    return sorted(nodes, key=lambda node: int(node._sequence_nr())) if number else nodes[::-1]


def _first_bad(node: Any, masked: bool) -> "Optional[Culprit]":
    """What a value that is not finite among the saved ones says. ``masked``: also a negative infinity of which nothing
    tells that it isn't wanted, as in the scores that an attention mask shuts out."""
    for name, tensor in _saved(node):
        bad = ~_torch().isfinite(tensor)
        if not bool(bad.any()):
            continue
        maker = node if name.startswith("_saved_result") else tensor.grad_fn
        if not masked and not bool((bad & (tensor != -math.inf)).any()) and (maker is None or _hazard(maker) is None):
            continue
        if maker is node:
            return _made_by(node)
        parameter = _as_parameter(tensor)
        if parameter is not None:
            return Culprit(Cause(WEIGHTS), parameter)
        if maker is not None:
            return _made_by(maker)
        what = "target" if name == "_saved_target" else None
        cause = Cause(INPUT, what, None, int(bad.sum()), bad.numel(), _rows(bad))
        return Culprit(cause, _nearest_parameter(node))
    return None


def _made_by(node: Any) -> "Culprit":
    return Culprit(Cause(OPERATION, operation=_name(node), detail=_hazard(node)), _nearest_parameter(node))


def _saved(node: Any) -> Iterator[Tuple[str, Any]]:
    """The floating-point tensors that an operation has kept, its inputs before its results; no state, no masks."""
    names = [name for name in dir(type(node)) if name.startswith(TOLD_BY)]
    for name in sorted(names, key=lambda name: name.startswith("_saved_result")):
        try:
            value = getattr(node, name)
        except RuntimeError:  # given up already, or overwritten since
            continue
        for tensor in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(tensor, _torch().Tensor) and tensor.layout is _torch().strided and tensor.is_floating_point():
                yield name, tensor


def _hazard(node: Any) -> Optional[str]:
    look = HAZARDS.get(_name(node))
    try:
        return None if look is None else look(dict(_saved(node)))
    except KeyError:  # not kept
        return None


def _as_parameter(tensor: Any) -> Any:
    """The parameter that a tensor is, or is a view or a cast of."""
    if tensor.is_leaf:
        return tensor if tensor.requires_grad else None
    return _parameter_behind(tensor.grad_fn)


def _parameter_behind(node: Any) -> Any:
    """The parameter that reaches an operation through views and casts alone, if one does."""
    for _ in range(8):
        if node is None or hasattr(node, "variable"):
            return getattr(node, "variable", None)
        if _name(node) not in ("t", "transpose", "permute", "view", "to_copy", "unsafe_view", "reshape_alias", "alias"):
            return None
        node = node.next_functions[0][0]
    return None


def _nearest_parameter(node: Any) -> Any:
    """A parameter of this operation, or else of the nearest one before it that has any."""
    seen, waiting = {node}, [node]
    for current in waiting:
        found = [_parameter_behind(before) for before, _ in current.next_functions]
        own = [parameter for parameter in found if parameter is not None]
        if own:
            return max(own, key=lambda parameter: int(parameter.dim()))  # rather its weight than its bias
        for before, _ in current.next_functions:
            if before is not None and before not in seen and len(seen) < MAX_NODES:
                seen.add(before)
                waiting.append(before)
    return None


def _rows(bad: Any) -> Tuple[int, ...]:
    """Along the first dimension, as far as that is one of a batch: a tensor of one dimension has none."""
    if bad.dim() < 2:
        return ()
    rows = bad.flatten(1).any(1).nonzero().flatten()[:MAX_ROWS]
    return tuple(int(row) for row in rows.tolist())


def _name(node: Any) -> str:
    """``LogSoftmaxBackward0`` is the derivative of ``log_softmax``."""
    name = re.sub(r"Backward\d*$", "", node.name().rpartition("::")[2])
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _torch() -> Any:
    return sys.modules["torch"]
