"""What a run that went bad can go on from: which checkpoint is named, and what is said of it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from gradsight._checkpoints import KEPT, Checkpoint, Checkpoints, lines

HERE = socket.gethostname()


def event(step: int, path: str, weights: Optional[str] = None) -> Dict[str, Any]:
    return {"series": "optimizer", "step": step, "time": float(step), "data": {"path": path, "weights": weights}}


def incident(step: int, began: Optional[int] = None, cause: Optional[str] = None) -> Dict[str, Any]:
    return {"series": "optimizer", "step": step, "began": step if began is None else began, "data": {"cause": cause}}


def saved(*steps: int, weights: Optional[str] = None) -> List[Checkpoint]:
    return [Checkpoint("optimizer", step, float(step), f"s3://bucket/{step}.pt", weights) for step in steps]


def test_the_last_one_before_it() -> None:
    assert lines(saved(10, 20, 30), incident(31), HERE, 31) == [
        "The last checkpoint before it: step 30, s3://bucket/30.pt (1 step earlier)."
    ]


@pytest.mark.parametrize(
    "bad, weights, told",
    [
        (incident(20), "nonfinite", "after it went bad: it holds weights that are not finite"),
        (incident(20), "finite", "after it went bad; the weights in it are finite"),
        (incident(20), None, "after it went bad"),
        (incident(23, began=19), None, "when the gradient norm had exploded already"),
        (incident(21, cause="weights"), None, "when the weights may have been so already"),
    ],
)
def test_one_that_is_in_doubt_is_told_as_such(bad: Any, weights: Optional[str], told: str) -> None:
    before, after = lines([*saved(10), *saved(20, weights=weights)], bad, HERE, None)
    assert before.startswith("The last checkpoint before it: step 10,")
    assert after == f"The last one of all, step 20, s3://bucket/20.pt, was written {told}."


def test_of_another_optimizer_none_counts() -> None:
    (other,) = saved(5)
    assert lines([other._replace(series="critic")], incident(20), HERE, None) == []


def test_a_run_that_did_not_go_bad() -> None:
    assert lines(saved(10, 20), None, HERE, 25) == [
        "The last checkpoint: step 20, s3://bucket/20.pt (5 steps before the last one recorded)."
    ]
    assert lines([], None, HERE, 25) == []


def test_one_that_was_removed_is_not_named(tmp_path: Path) -> None:
    checkpoints = Checkpoints()
    for step in (10, 20):
        (tmp_path / f"{step}.pt").touch()
        checkpoints.add(event(step, str(tmp_path / f"{step}.pt")), None)
    (tmp_path / "20.pt").unlink()
    (told,) = lines(checkpoints.all(), incident(21), HERE, None)
    assert told.startswith("The last checkpoint before it: step 10,")
    (told,) = lines(checkpoints.all(), incident(21), "another-host", None)
    assert told.startswith("The last checkpoint before it: step 20,")


def test_one_that_was_written_over_is_gone() -> None:
    checkpoints = Checkpoints()
    for step in (10, 20, 30):
        checkpoints.add(event(step, "hf://run/last.pt", "nonfinite"), 25)
    assert [checkpoint.step for checkpoint in checkpoints.all()] == [30]
    first, _ = lines(checkpoints.all(), incident(25), HERE, None)
    assert first == "No checkpoint from before it is there."


def test_however_many_come_after_it_those_before_it_are_kept() -> None:
    checkpoints = Checkpoints()
    for step in range(100):
        checkpoints.add(event(step, f"s3://bucket/{step}"), 50 if step >= 50 else None)
    assert [checkpoint.step for checkpoint in checkpoints.all()] == [*range(50 - KEPT + 1, 50), 99]
