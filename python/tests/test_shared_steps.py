"""Steps that all ranks sample: none of them is told which."""

from __future__ import annotations

from typing import Iterable, List

import pytest
from gradsight.metrics import shared_steps
from gradsight.metrics.shared_steps import SharedSteps


def sampled(
    monkeypatch: pytest.MonkeyPatch, seconds: Iterable[float], first: int = 0, cost: float = 0.0, share: float = 1.0
) -> List[int]:
    """Of steps that take so many seconds each, from step ``first`` on. Each half of a sample takes ``cost`` seconds more."""
    now = 0.0
    monkeypatch.setattr(shared_steps.time, "perf_counter", lambda: now)
    steps, found = SharedSteps(0.1, share), []
    for step, took in enumerate(seconds, first):
        if steps.due(step):
            found.append(step)
            for _ in range(2):
                started, now = now, now + cost
                steps.spent(started)
        now += took
    return found


def test_each_step_where_steps_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sampled(monkeypatch, [0.2] * 5, first=7) == [7, 8, 9, 10, 11]


def test_multiples_of_a_power_of_two_about_as_often_as_the_period_says(monkeypatch: pytest.MonkeyPatch) -> None:
    found = sampled(monkeypatch, [0.001] * 1000)
    assert found == [0, *range(64, 1000, 64)]


def test_samples_are_as_far_apart_as_their_cost_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = sampled(monkeypatch, [0.01] * 10_000, cost=0.001, share=0.001)
    assert len(found) < 100_000 * 0.001 / 0.002
    assert found[-3:] == [found[-1] - 256, found[-1] - 128, found[-1]]


def test_never_again_once_it_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = SharedSteps(0.1)
    assert steps.due(1)
    steps.stop()
    assert not any(steps.due(step) for step in range(2, 100))


def test_ranks_whose_clocks_differ_have_steps_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    slower, faster = (sampled(monkeypatch, [took] * 10_000) for took in (0.001, 0.00078))
    assert set(faster) < set(slower) and len(faster) > 70


def test_the_power_follows_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    found = sampled(monkeypatch, [0.001] * 200 + [1.0] * 200)
    late = [step for step in found if step > 350]
    assert late == list(range(351, 400))
