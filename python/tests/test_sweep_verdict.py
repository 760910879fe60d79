"""What a sweep concludes: a winner where there is one, and seldom one where there is none."""

from __future__ import annotations

import random
from typing import Dict, List

import pytest
from gradsight._trial import NONE, OWN
from gradsight.sweep.grid import given, grid
from gradsight.sweep.trials import is_hopeless
from gradsight.sweep.verdict import judge, student_quantile

SETTINGS = [OWN, "0.25", "0.5", "1", "2", NONE]


@pytest.mark.parametrize(
    "probability, freedom, expected",  # from printed tables
    [
        (0.975, 1, 12.706),
        (0.95, 2, 2.920),
        (0.995, 3, 5.841),
        (0.99, 4, 3.747),
        (0.975, 5, 2.571),
        (0.99, 10, 2.764),
        (0.995, 25, 2.787),
    ],
)
def test_student_quantiles(probability: float, freedom: int, expected: float) -> None:
    assert student_quantile(probability, freedom) == pytest.approx(expected, abs=6e-4)


def tried(chance: random.Random, seeds: int, better: Dict[str, float]) -> Dict[str, List[float]]:
    luck = [chance.gauss(0, 0.3) for _ in range(seeds)]
    return {
        setting: [2.0 * 2 ** (luck[seed] + chance.gauss(0, 0.1) - better.get(setting, 0)) for seed in range(seeds)]
        for setting in SETTINGS
    }


@pytest.mark.parametrize("seeds", [2, 3])
def test_seldom_finds_a_winner_where_all_are_alike(seeds: int) -> None:
    chance = random.Random(1)
    found = sum(judge(tried(chance, seeds, {})).winner is not None for _ in range(2000))
    assert found / 2000 < 0.06


def test_finds_the_winner_although_seeds_differ_more() -> None:
    chance = random.Random(2)
    verdicts = [judge(tried(chance, 3, {"0.5": 0.8})) for _ in range(200)]
    assert sum(verdict.winner == "0.5" for verdict in verdicts) > 190
    assert {verdict.winner for verdict in verdicts} <= {"0.5", None}


def test_a_worse_one_is_no_winner() -> None:
    chance = random.Random(3)
    assert judge(tried(chance, 3, {setting: -2.0 for setting in SETTINGS[1:]})).winner is None


def test_losses_below_zero_are_compared_by_their_difference() -> None:
    verdict = judge({OWN: [-1.0, -1.1], "1": [-5.0, -5.12], "2": [-1.0, -1.09]})
    assert verdict.winner == "1" and "lower by 4.01" in verdict.reason


def test_what_can_not_be_told() -> None:
    assert "no spread" in judge({OWN: [2.0], "1": [0.1]}).reason
    assert judge({OWN: [2.0, 2.1]}).winner is None
    assert "whatever its threshold" in judge({}, own_fails=True).reason
    assert judge({"1": [0.1, 0.1]}, own_fails=False).winner is None
    assert judge({"1": [0.1, 0.1], "2": [0.3, 0.2]}, own_fails=True).winner == "1"
    assert judge({"1": [0.1]}, own_fails=True).winner is None


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
