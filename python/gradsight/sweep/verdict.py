"""Whether a threshold is better than the script's own, as far as trials can show it.

Short trials show which one may be, and no more: of what leads after some hundred steps much is behind in the end. So the
one that leads has to pass longer trials, too, with seeds that it was not chosen by (``longer.py``). Settings are compared
with the script's own seed by seed, since a seed that is luckier is luckier for all; and by two numbers, since one alone
misleads: the mean of the last losses by a few that are very large, their median by its silence about these.
"""

from __future__ import annotations

from statistics import fmean as mean
from statistics import median
from typing import Dict, List, NamedTuple, Optional

from .._trial import NONE, OWN
from .lengths import Training
from .trials import DIVERGED, FINISHED, Result

LEAST = 0.02
"""The share by which a loss has to be lower, on the average of the seeds: less isn't worth another threshold."""

BEHIND = -1.0
"""Stands for the lead of a trial that can't be ahead."""


class Verdict(NamedTuple):
    winner: Optional[str]
    """The setting that is better than the script's own."""
    reason: str


def named(setting: str) -> str:
    return "no clipping" if setting == NONE else setting


def lead(own: Result, other: Result, halfway: bool) -> float:
    """By which share the loss of ``other`` is lower than that of ``own``, which has the same seed and as many steps.

    The smallest of all measures. 1, where the script's own training diverged and this one did not.
    """
    if own.outcome == DIVERGED and other.outcome == FINISHED:
        return 1.0
    ratios = _ratios(own, other, halfway)
    return 1 - max(ratios.values()) if ratios else BEHIND


def _ratios(own: Result, other: Result, halfway: bool) -> Dict[str, float]:
    """Of the losses, by measure: of the means of the last ones, the median of their ratios, step by step, and, if asked for,
    of the means at half of the steps, since what has turned round once may turn round again.

    Nothing, where they can't be compared. Losses at or below zero have no ratio (policy gradients have such losses, and how
    good the policy is does not follow from them).
    """
    pairs = [(a, b) for a, b in zip(own.last_losses, other.last_losses) if a is not None and b is not None]
    if {own.outcome, other.outcome} != {FINISHED} or own.loss is None or other.loss is None or not pairs:
        return {}
    if min(own.loss, other.loss, *map(min, pairs)) <= 0:
        return {}
    found = {
        "in the mean of the last losses": other.loss / own.loss,
        "at most of the last steps": median(b / a for a, b in pairs),
    }
    if halfway and own.half and other.half:
        found["at half of the steps"] = other.half / own.half
    return found


def leads_of(results: List[Result], setting: str, halfway: bool = False) -> List[float]:
    """One for each seed, as far as the script's own setting was tried with it, too. ``halfway``: of longer trials."""
    own = {result.seed: result for result in results if result.setting == OWN}
    tried = sorted((result for result in results if result.setting == setting), key=lambda result: result.seed)
    return [lead(own[result.seed], result, halfway) for result in tried if result.seed in own]


def holds(leads: List[float]) -> bool:
    """Whether a setting with these leads is ahead: with each seed, and by enough."""
    return min(leads) > 0 and mean(leads) >= LEAST


def leader(results: List[Result], seeds: int) -> Optional[str]:
    """The setting that the short trials, ``results``, show to be worth longer ones; None where they show none."""
    others = dict.fromkeys(result.setting for result in results if result.setting != OWN)
    return farthest_ahead({setting: leads_of(results, setting) for setting in others}, seeds)


def farthest_ahead(leads: Dict[str, List[float]], seeds: int) -> Optional[str]:
    """By setting, of those that were tried with all seeds and are ahead; None where none is."""
    ahead = {setting: mean(each) for setting, each in leads.items() if len(each) == seeds and holds(each)}
    return max(ahead, key=lambda setting: ahead[setting]) if ahead else None


def judge(
    short: List[Result], seeds: int, leading: Optional[str], longer: List[Result], training: Optional[Training] = None
) -> Verdict:
    """``seeds``: of the short trials. ``longer``: those of the script's own setting and of the one that is ``leading``.
    ``training``: the script's own, where its length is known."""
    if seeds < 2:
        return Verdict(None, "One run of each setting can't be told from chance.")
    if leading is None:
        return Verdict(None, _no_leader(short))
    steps = max(result.steps for result in longer)
    finished = [result for result in longer if result.outcome == FINISHED]
    whole = bool(finished) and all(is_whole(result, training) for result in finished)
    trials = f"{'whole trainings' if whole else 'trials'} of {steps} steps with seeds of their own"
    leads = leads_of(longer, leading, halfway=True)
    if not holds(leads):
        was = f"{named(leading)} was ahead after {_steps(short)} steps"
        return Verdict(None, f"{was}. In {trials} it {_why_not(longer, leading, leads)}.")
    told = [each for each in leads if each < 1]
    diverged = len(leads) - len(told)
    if not told:
        return Verdict(leading, f"The present setting diverged in all {trials}; this one never did.")
    rest = f" With {diverged} more the present setting diverged." if diverged else ""
    lower = f"its loss is lower by {mean(told):.0%} on average, by {min(told):.0%} at least"
    return Verdict(leading, f"In {len(told)} {trials}, {lower}.{rest}")


def is_whole(result: Result, training: Optional[Training]) -> bool:
    """Whether a trial that has finished went on to the script's own end."""
    return result.steps < result.asked or training is not None and result.steps >= training.steps


def part_tried(results: List[Result], training: Optional[Training]) -> Optional[str]:
    """Of the training, if it is known that it was not all of it."""
    finished = [result for result in results if result.outcome == FINISHED]
    if training is None or not finished or any(is_whole(result, training) for result in finished):
        return None
    whose = "script's own training has" if training.is_measured else "last complete run of the script made"
    return f"Tried for {_steps(finished)} of the {training.steps} steps that the {whose}."


def _why_not(longer: List[Result], leading: str, leads: List[float]) -> str:
    if min(leads) > 0:
        return f"was ahead by less than {LEAST:.0%} on average"
    last = max(result.seed for result in longer)
    own, other = (
        next(each for each in longer if (each.setting, each.seed) == (setting, last)) for setting in (OWN, leading)
    )
    if other.outcome != FINISHED:
        return f"{other.outcome} with seed {last}"
    behind = [measure for measure, ratio in _ratios(own, other, halfway=True).items() if ratio >= 1]
    return f"was behind with seed {last}: {', '.join(behind)}" if behind else f"could not be compared with seed {last}"


def _no_leader(short: List[Result]) -> str:
    finished = [result for result in short if result.outcome == FINISHED]
    if not finished:
        return "No setting came to the end, whatever its threshold."
    if all(result.setting == OWN for result in finished):
        return "No other setting came to the end."
    if any(result.loss is not None and result.loss <= 0 for result in finished):
        return "Losses at or below zero can't be compared by their ratios, and need not tell how good a training is."
    return f"No setting is ahead of the present one with every seed, and by {LEAST:.0%} on average."


def _steps(results: List[Result]) -> int:
    return max(result.steps for result in results)
