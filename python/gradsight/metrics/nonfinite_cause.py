"""Why a loss is not finite: where the first such value of its forward pass arose."""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional, Tuple, Union

INPUT, OPERATION, WEIGHTS = "input", "operation", "weights"


class Cause(NamedTuple):
    kind: str
    """``INPUT``: it was in what came from outside, the batch; ``WEIGHTS``: in the parameters; ``OPERATION``: an
    operation made it of finite values, as far as those are known."""
    operation: Optional[str] = None
    """Its name; for an ``INPUT`` that is one of the loss: "target"."""
    detail: Optional[str] = None
    bad: int = 0
    size: int = 0
    rows: Tuple[int, ...] = ()
    """The rows of the input, along its first dimension, that hold such values."""
    parameter: Optional[str] = None
    """Whose weights they are, or of the layer at which this happened."""
    batch: Optional[int] = None
    """The number of the backward pass, counted from 0 over the whole run."""

    def sentence(self) -> str:
        at = f"layer {layer_of(self.parameter)}" if self.parameter else None
        if self.kind == INPUT:
            rows = f", in {named_rows(', '.join(map(str, self.rows)))} of the batch" if self.rows else ""
            what = "The target of the loss" if self.operation == "target" else f"The input of {at or 'the model'}"
            return f"{what} is not finite: {self.bad} of {self.size} values{rows}."
        if self.kind == WEIGHTS:
            return f"The weights {self.parameter or 'of the model'} are not finite."
        place = f" at or after {at}" if at else ""
        because = f": {self.detail}" if self.detail else ""
        return f"The first value that is not finite came out of {self.operation}{place}{because}."

    def data(self) -> "Dict[str, Union[str, float, None]]":
        """For the event that tells of it."""
        found: Dict[str, Union[str, float, None]] = {
            "cause": self.kind,
            "batch": self.batch,
            "operation": self.operation,
            "detail": self.detail,
        }
        if self.kind == INPUT:
            found.update(bad=self.bad, size=self.size, rows=", ".join(map(str, self.rows)))
        return found


def named_rows(numbers: str) -> str:
    """``numbers``: as in the event, "3" or "3, 7"."""
    return f"rows {numbers}" if "," in numbers else f"row {numbers}"


def layer_of(parameter: Optional[str]) -> Optional[str]:
    """The module that holds a parameter, by the name of that: ``encoder.0`` of ``encoder.0.weight``."""
    return (parameter.rpartition(".")[0] or parameter) if parameter else None
