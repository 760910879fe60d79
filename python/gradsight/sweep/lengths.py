"""How many steps the trials have, after the script's own training where its length is known."""

from __future__ import annotations

from typing import NamedTuple, Optional

STEPS = 300
"""Of the short trials."""

TIMES = 4
"""How many times the steps of the short trials the longer ones have."""

LEAST = 30
"""Of the short trials of a short training: in fewer steps the last tenth is too few losses."""


class Training(NamedTuple):
    """The script's own."""

    steps: int
    is_measured: bool
    """Whether a trial of the script as it is came to its end; else the last complete run tells, maybe of an older text."""


class Lengths(NamedTuple):
    short: int
    longer: int


def lengths_for(training: Optional[Training], steps: Optional[int], longer: Optional[int]) -> Lengths:
    """``steps`` and ``longer``: what the user wants; None: what suits.

    Of a training of up to ``TIMES * STEPS`` steps the longer trials are the whole, and the short ones as large a part of
    it as they are of longer trials otherwise. More than the training has is asked for only where the user wants it, and
    no trial has shown that there is no more.
    """
    if training is None:
        short = steps or STEPS
        return Lengths(short, longer or TIMES * short)
    whole, most = training.steps, TIMES * (steps or STEPS)
    suits = min(whole, STEPS, max(LEAST, whole // TIMES))
    if training.is_measured:
        return Lengths(min(whole, steps or suits), min(whole, longer or most))
    return Lengths(steps or suits, longer or min(whole, most))
