"""NaN and infinity: one event for each streak of them, with the parameters that went bad where they are known."""

from __future__ import annotations

import math
import sys
from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence, Union

from .._protocol import Location
from .._series import Series
from .._session import Session
from .nonfinite_cause import Cause


class Bad(NamedTuple):
    """Gradients that are not finite: the first parameter's name, how many there are, and of how many elements."""

    parameter: str
    parameters: int
    elements: Optional[int]


def bad_norms(norms: Sequence[float], names: Sequence[str]) -> Optional[Bad]:
    """Which of the gradients are not finite, as far as their norms tell; None: all are."""
    bad = [name for norm, name in zip(norms, names) if not math.isfinite(norm)]
    return Bad(bad[0], len(bad), None) if bad else None


def bad_elements(dense: Sequence[Any], names: Sequence[str]) -> Optional[Bad]:
    """The same by looking at every element, for which the device is waited for."""
    isfinite = sys.modules["torch"].isfinite
    counts = [tensor.numel() - int(isfinite(tensor).sum().item()) for tensor in dense]
    bad = [name for count, name in zip(counts, names) if count]
    return Bad(bad[0], len(bad), sum(counts)) if bad else None


class NonFiniteWatch:
    def __init__(
        self, session: Session, series: Series, source_of: Callable[[str], Optional[Location]] = lambda name: None
    ) -> None:
        """``source_of``: where in the user's code a parameter comes from, by its name."""
        self._session = session
        self._source_of = source_of
        self._series = series
        self._bad = False
        self.went_bad = False
        """Whether there has been a streak."""

    def see(
        self,
        step: int,
        norm: Optional[float],
        loss: Optional[float],
        bad: Optional[Bad],
        cause: Optional[Cause] = None,
        check: Optional[str] = None,
    ) -> bool:
        """Call for every step in order; whether a streak begins. ``bad``: the gradients that are, if known; ``cause`` of
        the loss; ``check``: the script's own, where it has raised instead of this update."""
        norm_bad = norm is not None and not math.isfinite(norm)
        loss_bad = loss is not None and not math.isfinite(loss)
        was_bad, self._bad = self._bad, norm_bad or loss_bad
        if not self._bad or was_bad:
            return False
        self.went_bad = True
        if not loss_bad:
            cause = None
        if cause is not None:
            message = cause.sentence()
        elif loss_bad and norm_bad:  # a bad loss makes the gradients so, and the first of them tells nothing
            message = "The loss and the gradient norm are not finite."
        elif bad is not None:
            message = f"The gradient of {bad.parameter} is not finite (the first one that is not)."
        elif norm_bad:
            message = "The gradient norm is not finite."
        else:
            message = "The loss is not finite."
        if check is not None:
            message += f" The script's own check ({check}) stopped it before the update."
        known = bad or Bad("", 0, None)
        parameter = cause.parameter if cause is not None and cause.parameter else known.parameter
        source = self._source_of(parameter)
        data: Dict[str, Union[str, float, None]] = {
            "parameter": parameter or None,
            "parameters": known.parameters or None,
            "elements": known.elements,
            "norm": norm,
            "loss": loss,
            "file": None if source is None else source.file,
            "line": None if source is None else source.line,
        }
        if cause is not None:
            data.update(cause.data())
        if check is not None:
            data["check"] = check
        self._session.event("nonfinite", message, self._series, step, data)
        if self._series.norms_at_incident is None:
            self._series.norms_at_incident = list(self._series.norms)
        return True
