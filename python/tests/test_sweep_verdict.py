"""What a sweep concludes: a winner where there is one, and seldom one where there is none."""

from __future__ import annotations

import math
import random
from typing import Dict, Iterable, List, Optional

import pytest
from gradsight._trial import NONE, OWN
from gradsight.sweep import verdict
from gradsight.sweep.grid import given, grid
from gradsight.sweep.longer import run_pairs, trials_of
from gradsight.sweep.record import KEPT, Update, last_losses
from gradsight.sweep.trials import DIVERGED, FINISHED, STOPPED, Result, Wanted, is_hopeless
from gradsight.sweep.verdict import judge, leader

SETTINGS = [OWN, "0.25", "0.5", "1", "2", NONE]


def result(setting: str, seed: int, losses: List[float], steps: int = 300, outcome: str = FINISHED) -> Result:
    loss = sum(losses) / len(losses) if losses else None
    last: List[Optional[float]] = [*losses]
    return Result(setting, seed, steps, outcome, "", steps, loss, loss, None, None, [], last)


def tried(chance: random.Random, seeds: Iterable[int], better: Dict[str, float]) -> List[Result]:
    """Batches that are harder for all settings, seeds that are luckier for all, and what is a setting's own with each."""
    found = []
    for seed in seeds:
        luck, batches = chance.gauss(0, 0.3), [chance.gauss(0, 0.5) for _ in range(30)]
        for setting in SETTINGS:
            level = luck + chance.gauss(0, 0.1) - better.get(setting, 0)
            losses = [math.exp(level + batch + chance.gauss(0, 0.2)) for batch in batches]
            found.append(result(setting, seed, losses))
    return found


def winner(chance: random.Random, better: Dict[str, float], later: Dict[str, float]) -> Optional[str]:
    """Of a sweep in which settings are so much ``better`` in short trials and ``later`` in longer ones."""
    short = tried(chance, range(2), better)
    leading = leader(short, 2)
    if leading is None:
        return None
    wanted = trials_of(leading, 2, 1200)
    everything = tried(chance, range(2, 5), later)

    def run(pair: List[Wanted]) -> List[Result]:
        return [each._replace(asked=1200) for each in everything if (each.setting, each.seed) in [p[:2] for p in pair]]

    return judge(short, 2, leading, run_pairs(wanted, run)).winner


def test_seldom_finds_a_winner_where_all_are_alike() -> None:
    chance = random.Random(1)
    found = sum(winner(chance, {}, {}) is not None for _ in range(2000))
    assert found / 2000 < 0.06


def test_finds_the_winner_although_seeds_differ_more() -> None:
    chance = random.Random(2)
    found = [winner(chance, {"0.5": 0.4}, {"0.5": 0.4}) for _ in range(200)]
    assert found.count("0.5") > 180
    assert set(found) <= {"0.5", None}


def test_what_is_ahead_at_first_alone_is_no_winner() -> None:
    chance = random.Random(3)
    assert [winner(chance, {"0.5": 0.4}, {"0.5": -0.4}) for _ in range(100)] == [None] * 100
    assert leader(tried(chance, range(2), {setting: -2.0 for setting in SETTINGS[1:]}), 2) is None


def test_a_lead_is_the_smaller_one_by_the_mean_and_by_the_typical_step() -> None:
    def lead(own: Result, other: Result) -> float:
        return verdict.lead(own, other, halfway=False)

    own = result(OWN, 0, [1.0, 1.0, 7.0])
    assert lead(own, result("1", 0, [2.0, 2.0, 1.0])) == -1.0  # a lower mean by one large loss that it hasn't got
    assert lead(own, result("1", 0, [0.5, 0.5, 9.0])) == pytest.approx(1 - 10 / 9)  # lower for the most part alone
    assert lead(own, result("1", 0, [0.5, 0.5, 3.5])) == pytest.approx(0.5)
    assert lead(own, result("1", 0, [0.1, 0.1, 0.1], outcome=STOPPED)) < 0
    assert lead(result(OWN, 0, [], outcome=DIVERGED), result("1", 0, [9.0])) == 1
    assert lead(result(OWN, 0, [-1.0]), result("1", 0, [-2.0])) < 0 > lead(own, result("1", 0, [0.0, 0.0, 0.0]))


def test_a_lead_in_longer_trials_is_one_at_half_of_them_too() -> None:
    own, other = result(OWN, 0, [1.0]), result("1", 0, [0.5])._replace(half=1.5)
    assert [verdict.lead(own, other, halfway) for halfway in (False, True)] == [0.5, -0.5]
    assert verdict.lead(own, other._replace(half=None), True) == 0.5


def test_a_lead_that_is_worth_nothing_is_none() -> None:
    def with_lead(share: float) -> List[Result]:
        return [result(each, k, [loss]) for k in range(2) for each, loss in ((OWN, 1.0), ("1", 1 - share))]

    assert leader(with_lead(0.01), 2) is None
    assert leader(with_lead(0.03), 2) == "1"


def test_longer_trials_end_with_the_first_seed_that_the_leader_is_behind_with() -> None:
    asked: List[Wanted] = []

    def run(pair: List[Wanted]) -> List[Result]:
        asked.extend(pair)
        loss = {(OWN, 2): 2.0, ("1", 2): 1.0, (OWN, 3): 2.0, ("1", 3): 3.0}
        return [result(each.setting, each.seed, [loss[each.setting, each.seed]], 1200) for each in asked]

    longer = run_pairs(trials_of("1", 2, 1200), run)
    assert [(each.setting, each.seed) for each in longer] == [(OWN, 2), ("1", 2), (OWN, 3), ("1", 3)]
    short = [result(each, 0, [1.0]) for each in (OWN, "1")]
    winner, reason = judge(short, 2, "1", longer)
    assert winner is None and reason == (
        "1 was ahead after 300 steps. In trials of 1200 steps with seeds of their own it was behind with seed 3:"
        " in the mean of the last losses, at most of the last steps, at half of the steps."
    )


def test_what_can_not_be_told() -> None:
    def finished(**losses: float) -> List[Result]:
        return [result(setting, 0, [loss]) for setting, loss in losses.items()]

    def reason(short: List[Result], seeds: int = 2) -> str:
        winner, reason = judge(short, seeds, None, [])
        assert winner is None
        return reason

    assert "can't be told from chance" in reason(finished(own=2.0, none=0.1), 1)
    assert "No other setting" in reason(finished(own=2.0))
    assert "whatever its threshold" in reason([result(OWN, 0, [], outcome=DIVERGED)])
    assert "zero" in reason(finished(own=-2.0, none=-4.0))
    assert "ahead of the present one" in reason(finished(own=2.0, none=4.0))


def test_tells_how_far_ahead_in_trials_of_which_length() -> None:
    def longer(steps: int, *own: float) -> List[Result]:
        bad = [
            result(OWN, k, [], steps, DIVERGED) if math.isinf(loss) else result(OWN, k, [loss], steps)
            for k, loss in enumerate(own)
        ]
        return [*bad, *(result("1", k, [1.0], steps) for k in range(len(own)))]

    def fails(results: List[Result]) -> List[Result]:
        return [each._replace(outcome=DIVERGED) if each.setting == "1" else each for each in results]

    def told(results: List[Result]) -> str:
        winner, reason = judge([result(OWN, 0, [1.0])], 2, "1", results)
        assert winner == "1"
        return reason

    assert "it diverged with seed 0" in judge(longer(300, 1.0), 2, "1", fails(longer(1200, 1.0))).reason
    close = judge(longer(300, 1.0), 2, "1", longer(1200, 1.01, 1.01, 1.01)).reason
    assert "it was ahead by less than 2% on average" in close
    unclipped = [each._replace(setting=NONE) if each.setting == "1" else each for each in longer(1200, 1.0)]
    assert "no clipping was ahead" in judge(longer(300, 1.0), 2, NONE, unclipped).reason
    assert told(longer(1200, 2.0, 4.0, 2.0)) == (
        "In 3 trials of 1200 steps with seeds of their own, its loss is lower by 58% on average, by 50% at least."
    )
    assert "In 2 trials" in told(longer(1200, 2.0, math.inf, 2.0)) and "1 more the present setting diverged" in told(
        longer(1200, 2.0, math.inf, 2.0)
    )
    assert "diverged in all trials of 1200 steps" in told(longer(1200, math.inf, math.inf, math.inf))
    ended = [each._replace(asked=9000) for each in longer(1200, 2.0, 2.0, 2.0)]
    assert "whole trainings of 1200 steps" in told(ended)


def test_tries_multiples_of_the_median_norm() -> None:
    norms = [float("nan"), 0.0, 8.0, 10.0, 1e9, float("inf"), 12.0, 9.0]
    assert grid(norms, own=None) == ["2.5", "5", "10", "20", "40"]
    assert grid(norms, own=5.1) == ["2.5", "10", "20", "40", NONE]
    assert grid([], own=1.0) == []


def test_thresholds_that_are_given() -> None:
    assert given("0.5, 1,none,0.50") == ["0.5", "1", NONE]
    for wrong in ("", "0", "-1", "inf", "nan", "many"):
        with pytest.raises(ValueError):
            given(wrong)


def test_only_what_is_far_behind_all_others_is_hopeless() -> None:
    assert is_hopeless(10.0, [1.0, 2.0, 1.5])
    assert not is_hopeless(3.9, [1.0, 2.0, 1.5])
    assert not is_hopeless(10.0, [1.0])
    assert not is_hopeless(None, [1.0, 2.0])
    assert not is_hopeless(1.0, [1.0, 1.0])


def test_keeps_so_many_of_the_last_losses_at_the_same_steps() -> None:
    def updates(steps: int) -> List[Update]:
        return [Update(step, float(step), None, None, 0) for step in range(steps)]

    assert last_losses(updates(20)) == [18.0, 19.0]
    kept = last_losses(updates(100 * KEPT))
    assert len(kept) == KEPT and kept[:2] == [90.0 * KEPT, 90.0 * KEPT + 10]
    assert last_losses([]) == []
