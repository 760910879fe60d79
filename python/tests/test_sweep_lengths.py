"""How long trials are, where something is known of the script's own training."""

from __future__ import annotations

from typing import Optional

import pytest
from gradsight._trial import OWN
from gradsight.sweep.lengths import Lengths, Training, lengths_for
from gradsight.sweep.trials import DIVERGED, FINISHED, Result
from gradsight.sweep.verdict import judge, part_tried


def told(steps: int) -> Training:
    return Training(steps, False)


def seen(steps: int) -> Training:
    return Training(steps, True)


@pytest.mark.parametrize(
    "training, steps, longer, lengths",
    [
        (None, None, None, (300, 1200)),
        (None, 60, None, (60, 240)),
        (None, 60, 100, (60, 100)),
        (told(20_000), None, None, (300, 1200)),
        (told(20_000), None, 20_000, (300, 20_000)),
        (told(1000), None, None, (250, 1000)),
        (told(203), None, None, (50, 203)),
        (told(100), None, None, (30, 100)),
        (told(12), None, None, (12, 12)),
        (told(200), 300, 2000, (300, 2000)),  # the user may know better than a run of another day
        (told(200), 300, None, (300, 200)),
        (seen(200), 300, 2000, (200, 200)),
        (seen(200), 40, None, (40, 160)),
        (seen(200), None, None, (50, 200)),
    ],
)
def test_lengths(training: Optional[Training], steps: Optional[int], longer: Optional[int], lengths: Lengths) -> None:
    assert lengths_for(training, steps, longer) == lengths


def result(setting: str, seed: int, loss: float, steps: int, asked: int, outcome: str = FINISHED) -> Result:
    return Result(setting, seed, asked, outcome, "", steps, loss, loss, None, None, [], [loss])


def reason(steps: int, asked: int, training: Optional[Training]) -> str:
    short = [result(setting, seed, loss, 50, 50) for setting, loss in ((OWN, 2.0), ("1", 1.0)) for seed in range(2)]
    longer = [result(setting, seed, loss, steps, asked) for setting, loss in ((OWN, 2.0), ("1", 1.0)) for seed in (2, 3, 4)]
    return judge(short, 2, "1", longer, training).reason


def test_whole_trainings_are_called_so() -> None:
    assert reason(200, 200, told(200)).startswith("In 3 whole trainings of 200 steps")
    assert reason(150, 200, None).startswith("In 3 whole trainings of 150 steps")
    assert reason(200, 200, told(2000)).startswith("In 3 trials of 200 steps")
    assert reason(200, 200, None).startswith("In 3 trials of 200 steps")


def test_the_part_that_was_tried_is_told_where_it_is_not_all() -> None:
    tried = [result(OWN, 0, 2.0, 300, 300), result(OWN, 2, 1.0, 1200, 1200)]
    assert part_tried(tried, None) is None and part_tried(tried, told(1200)) is None
    assert (
        part_tried(tried, told(20_000)) == "Tried for 1200 of the 20000 steps that the last complete run of the script made."
    )
    assert part_tried(tried[:1], seen(400)) == "Tried for 300 of the 400 steps that the script's own training has."
    assert part_tried([result(OWN, 0, 2.0, 7, 300, DIVERGED)], told(20_000)) is None
