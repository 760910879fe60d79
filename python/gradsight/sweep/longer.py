"""The longer trials that the setting which leads in the short ones has to pass."""

from __future__ import annotations

from typing import Callable, List

from .._trial import OWN
from .trials import Result, Wanted
from .verdict import leads_of

SEEDS = 3
"""Of these trials. None is one that the leader was chosen by."""


def trials_of(leader: str, first_seed: int, steps: int) -> List[Wanted]:
    """In pairs: the script's own setting and the leader with the same seed."""
    return [Wanted(setting, first_seed + k, steps) for k in range(SEEDS) for setting in (OWN, leader)]


def run_pairs(wanted: List[Wanted], run: Callable[[List[Wanted]], List[Result]]) -> List[Result]:
    """Pair by pair, until a leader is behind. ``run`` gives the results of all trials so far."""
    results: List[Result] = []
    for pair in zip(wanted[::2], wanted[1::2]):
        done = run(list(pair))
        results += [result for result in done if Wanted(result.setting, result.seed, result.asked) in pair]
        if min(leads_of(results, pair[1].setting, halfway=True), default=0) <= 0:
            break
    return results
