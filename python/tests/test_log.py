"""``gradsight.log``: loops that hooks can't see."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Callable, List

import pytest
from conftest import command, environment, run
from testing_hub import HubForTests

Script = Callable[..., Path]


def logged(text: str, script: Script, hub: HubForTests) -> HubForTests:
    path = script(f"import gradsight\n{text}\n")
    done = run(command(str(path)), env=environment(**hub.environment()))
    assert (done.returncode, done.stderr) == (0, "")
    hub.wait(lambda: hub.end)
    return hub


def column(hub: HubForTests, name: str) -> List[Any]:
    return [step.get(name) for step in hub.steps("train")]


def test_records_what_it_is_given(script: Script, hub: HubForTests) -> None:
    logged("gradsight.log(5, norm=2, loss=0.5, threshold=1.0, norm_post=1, lr=1e-3)", script, hub)
    assert hub.steps("train") == [
        {"step": 5, "flags": 0, "norm_pre": 2, "norm_post": 1, "threshold": 1, "loss": 0.5, "lr": 1e-3}
    ]
    assert hub.series["train"]["site"]["line"] == 2
    assert hub.series["train"]["site"]["file"] == hub.hellos[0]["run"]["script"]


def test_adds_up_the_calls_of_one_step(script: Script, hub: HubForTests) -> None:
    logged("for i in range(3):\n    gradsight.log(i, norm=i)\n    gradsight.log(i, loss=-i)", script, hub)
    assert column(hub, "norm_pre") == [0, 1, 2]
    assert column(hub, "loss") == [0, -1, -2]


def test_counts_by_itself(script: Script, hub: HubForTests) -> None:
    logged("for i in range(3): gradsight.log(norm=i)", script, hub)
    assert column(hub, "step") == [0, 1, 2]


def test_goes_on_counting_when_an_epoch_starts_at_0_again(script: Script, hub: HubForTests) -> None:
    logged("for e in range(3):\n  for i in range(4): gradsight.log(i, norm=i)", script, hub)
    assert column(hub, "step") == list(range(12))
    assert column(hub, "norm_pre") == [0, 1, 2, 3] * 3
    assert [event["kind"] for event in hub.events] == ["warning"]
    assert "went back from 3 to 0" in hub.events[0]["message"]


def test_steps_that_find_no_room_are_a_gap(script: Script, hub: HubForTests) -> None:
    """Where the thread that takes them is held up for as long as they are made."""
    logged(
        """
import sys
from gradsight import _room
_room.PORTION = 10 * 435
_room._portions.clear()
sys.setswitchinterval(1000)
for i in range(1000): gradsight.log(i, norm=i)
sys.setswitchinterval(0.005)
""",
        script,
        hub,
    )
    kept = column(hub, "step")
    gaps = [event["data"] for event in hub.events if event["kind"] == "gap"]
    assert gaps and len(kept) < 1000
    missing = [step for gap in gaps for step in range(gap["from"], gap["to"] + 1)]
    assert sorted(kept + missing) == list(range(1000))


def test_nan_and_infinity_are_values(script: Script, hub: HubForTests) -> None:
    logged("gradsight.log(0, norm=float('inf'), loss=float('nan'), threshold=float('inf'))", script, hub)
    (step,) = hub.steps("train")
    assert step["norm_pre"] == math.inf
    assert math.isnan(step["loss"])
    assert "threshold" not in step  # no clipping


def test_keeps_series_apart(script: Script, hub: HubForTests) -> None:
    logged("gradsight.log(0, norm=1, series='a/b')\ngradsight.log(0, norm=2, series='勾配')", script, hub)
    assert [hub.steps(name)[0]["norm_pre"] for name in ("a/b", "勾配")] == [1, 2]


def test_a_bad_value_never_raises(script: Script, hub: HubForTests) -> None:
    path = script("import gradsight\nfor i in range(3): gradsight.log(i, norm='much')\nprint('on')")
    done = run(command(str(path)), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "on\n")
    assert done.stderr.count("gradsight:") == 1
    assert "could not convert string to float" in done.stderr


def test_notes(script: Script, hub: HubForTests) -> None:
    logged("gradsight.log(0, norm=1)\ngradsight.note('second phase', step=0)", script, hub)
    assert [(event["kind"], event["message"]) for event in hub.events] == [("note", "second phase")]


def test_a_note_takes_what_a_loop_counts_by(script: Script, hub: HubForTests) -> None:
    text = """
class Scalar:  # as of NumPy, and as a tensor
    def __int__(self): return 3

gradsight.log(0, norm=1)
gradsight.note(ValueError("late"), step=Scalar())
gradsight.note(None)
"""
    logged(text, script, hub)
    assert [(event["message"], event["step"]) for event in hub.events] == [("late", 3), ("None", None)]


@pytest.mark.parametrize("step", ["-1", "2**60", "float('nan')", "'a'"])
def test_a_note_at_no_step_leaves_the_rest_of_the_run(step: str, script: Script, hub: HubForTests) -> None:
    path = script(
        f"import gradsight\ngradsight.log(norm=1)\ngradsight.note('a', step={step})\ngradsight.log(norm=2)\nprint('on')"
    )
    done = run(command(str(path)), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "on\n")
    assert done.stderr.startswith("gradsight: gradsight.note stopped, the training goes on: ")
    hub.wait(lambda: hub.end)
    assert (column(hub, "norm_pre"), hub.events) == ([1, 2], [])


def test_a_step_beyond_counting_leaves_the_steps_before_it(script: Script, hub: HubForTests) -> None:
    path = script("import gradsight\ngradsight.log(7, norm=1)\ngradsight.log(2**70, norm=1)\nprint('on')")
    done = run(command(str(path)), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "on\n")
    assert "is no number of a step" in done.stderr
    hub.wait(lambda: hub.end)
    assert column(hub, "step") == [7]


def test_watch_takes_any_name(script: Script, hub: HubForTests) -> None:
    logged("gradsight.watch(5, 'yes')\ngradsight.log(norm=1)", script, hub)
    assert hub.hellos[0]["run"]["name"] == "5"
