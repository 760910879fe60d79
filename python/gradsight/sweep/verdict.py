"""Whether a threshold is better than the script's own, as far as the trials can show it.

A randomised block design: all settings are tried from the same seeds, and a seed that is luckier is luckier for all. What
is left after the means of settings and of seeds are taken away is the spread, pooled over all settings. A setting's
advantage over the script's own counts if it exceeds the one-sided Student quantile at 5 %, divided by the number of
settings that might have won (Bonferroni), times the standard error of such a difference. Losses that are all above zero
are compared by their ratios, since a loss that is ten times another one's varies more, too.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import fmean as mean
from typing import Dict, List, NamedTuple, Optional

from .._trial import OWN

LEVEL = 0.05


class Verdict(NamedTuple):
    winner: Optional[str]
    """The setting that is better than the script's own."""
    reason: str
    margin: Optional[float]
    """By how much a loss has to be lower than the own one's, as a share of it where all are above zero; None where there
    is no spread."""


def judge(losses: Dict[str, List[float]], own_fails: bool = False) -> Verdict:
    """``losses``: of each setting that never failed, by seed in the same order. ``own_fails``: with every seed."""
    own = losses.get(OWN)
    others = {setting: values for setting, values in losses.items() if setting != OWN}
    seeds = min((len(values) for values in losses.values()), default=0)
    if not others and own_fails:
        return Verdict(None, "No setting came to the end, whatever its threshold.", None)
    if not others:
        return Verdict(None, "No other setting came to the end.", None)
    if own is None:
        if own_fails and seeds >= 2:
            best = min(others, key=lambda setting: mean(others[setting]))
            return Verdict(best, "The present setting failed with every seed; this one never did.", None)
        return Verdict(None, "The present setting failed in some trials, so that there is nothing to compare with.", None)
    if seeds < 2:
        return Verdict(None, "One run of each setting has no spread: nothing can be said with certainty.", None)
    ratios = all(value > 0 for values in losses.values() for value in values)
    compared = {setting: [math.log(value) if ratios else value for value in values] for setting, values in losses.items()}
    margin = _margin(list(compared.values()), len(others))
    best = min(others, key=lambda setting: mean(compared[setting]))
    ahead = mean(compared[OWN]) - mean(compared[best])
    told, by_chance = (-math.expm1(-ahead), -math.expm1(-margin)) if ratios else (ahead, margin)
    if ahead > margin:
        amounts = (f"{told:.0%}", f"{by_chance:.0%}") if ratios else (f"{told:.3g}", f"{by_chance:.3g}")
        return Verdict(best, "Its loss is lower by {}, where chance alone gives up to {}.".format(*amounts), by_chance)
    return Verdict(None, "There is no difference to the present setting that these trials can show.", by_chance)


def _margin(losses: List[List[float]], candidates: int) -> float:
    settings, seeds = len(losses), len(losses[0])
    of_settings = [mean(values) for values in losses]
    of_seeds = [mean(column) for column in zip(*losses)]
    overall = mean(of_settings)
    rest = sum(
        (value - of_settings[row] - of_seeds[column] + overall) ** 2
        for row, values in enumerate(losses)
        for column, value in enumerate(values)
    )
    freedom = (settings - 1) * (seeds - 1)
    return student_quantile(1 - LEVEL / candidates, freedom) * math.sqrt(rest / freedom) * math.sqrt(2 / seeds)


@lru_cache(maxsize=None)
def student_quantile(probability: float, freedom: int) -> float:
    """Of Student's t distribution, for probabilities above a half."""
    low, high = 0.0, 1.0
    while student_probability(high, freedom) < probability:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if student_probability(middle, freedom) < probability else (low, middle)
    return high


def student_probability(t: float, freedom: int) -> float:
    """That a value is at most ``t`` ≥ 0: the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan2(t, math.sqrt(freedom))
    cosine = math.cos(angle)
    term = total = cosine if freedom % 2 else 1.0
    for k in range(3 if freedom % 2 else 2, freedom, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    if freedom % 2:
        within = 2 / math.pi * (angle + (math.sin(angle) * total if freedom > 1 else 0.0))
    else:
        within = math.sin(angle) * total
    return 0.5 + within / 2
