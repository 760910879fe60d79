"""A threshold that the user sets holds from one step to the next, is recorded as such, and nothing else changes."""

from __future__ import annotations

import math
import time
from typing import Any, Callable, Iterator, List, Optional

import pytest
import torch
from gradsight._control import Control
from gradsight._protocol import Clip
from gradsight._session import Outcome
from gradsight.frameworks.torch_control import TorchControl
from recording import Recording
from torch import nn
from torch_training import Seen, loss_of, near, network

SAME_TO_FLOAT = 1 + 1e-6


@pytest.fixture
def controlled(recording: Recording) -> Iterator[Recording]:
    recording.recorder.control = TorchControl(recording.session.allow_control(), recording.recorder)
    yield recording
    recording.recorder.control = None


class Training:
    """Goes on step by step, clipping as it is told."""

    def __init__(self, clip: Optional[Callable[[nn.Module], Any]] = None, make: Any = Seen) -> None:
        self.model = network()
        self.optimizer = make(self.model.parameters())
        self._clip = clip or (lambda model: torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0))
        self.steps = 0

    def go(self, steps: int = 1) -> None:
        for _ in range(steps):
            self.optimizer.zero_grad()
            loss_of(self.model, self.steps).backward()
            self._clip(self.model)
            self.optimizer.step()
            self.steps += 1

    def weights(self) -> List[torch.Tensor]:
        return [parameter.detach().clone() for parameter in self.model.parameters()]


def change(recording: Recording, training: Training, id: int, threshold: Any) -> int:
    """Asks for it, and trains until it is answered; the step from which it holds."""
    ask(recording, training, id, threshold)
    while not any(answer["id"] == id for answer in recording.hub.controlled):
        training.go()
        time.sleep(0.01)
    answer = recording.hub.wait_for_answer(id)
    assert answer["err"] is None
    series = recording.series(training.optimizer)["id"]
    overrides = answer["control"]["overrides"]
    assert [each["threshold"] for each in overrides] == ([] if threshold == "script" else [threshold])
    assert all(each["series"] == series for each in overrides)
    events = recording.events(training.optimizer, 1)
    told = recording.hub.wait(lambda: [event for event in recording.hub.events if event["data"].get("by")][id:])
    assert told[0]["kind"] == "threshold"
    assert not overrides or overrides[0]["since"] == told[0]["step"]
    assert len(events) >= 1
    return int(told[0]["step"])


def ask(recording: Recording, training: Training, id: int, threshold: Any) -> None:
    if training.steps == 0:
        training.go()
    recording.hub.ask(id=id, series=recording.series(training.optimizer)["id"], threshold=threshold)


def test_holds_from_one_step_on_and_is_what_the_record_says(controlled: Recording) -> None:
    training = Training()
    training.go(3)
    first = change(controlled, training, 0, 0.5)
    training.go(3)
    off = change(controlled, training, 1, "off")
    training.go(3)
    back = change(controlled, training, 2, "script")
    training.go(3)
    steps = controlled.steps(training.optimizer, training.steps)
    in_force = [5.0] * first + [0.5] * (off - first) + [None] * (back - off) + [5.0] * (training.steps - back)
    assert [step.get("threshold", math.inf) for step in steps] == [math.inf if each is None else each for each in in_force]
    assert all(step["norm_pre"] > 0.5 for step in steps[first:off])  # else nothing was shown
    assert all(seen <= 0.5 * SAME_TO_FLOAT for seen in training.optimizer.seen[first:off])
    assert [step.get("norm_post", step["norm_pre"]) for step in steps[off:back]] == near(training.optimizer.seen[off:back])

    # The very training of a script that says so itself.
    at = iter(in_force)
    by_hand = Training(lambda model: torch.nn.utils.clip_grad_norm_(model.parameters(), next(at) or math.inf))
    by_hand.go(training.steps)
    assert all(torch.equal(one, other) for one, other in zip(training.weights(), by_hand.weights()))

    told = [event for event in controlled.hub.events if event["kind"] == "threshold"]
    told = [event for event in told if event["series"] == controlled.series(training.optimizer)["id"]]
    assert [(event["step"], event["data"]) for event in told] == [
        (first, {"from": 5.0, "to": 0.5, "by": "user"}),
        (off, {"from": 0.5, "to": "Infinity", "by": "user"}),
        (back, {"from": "Infinity", "to": 5.0, "by": "user"}),
    ]


def test_a_clip_by_value(controlled: Recording) -> None:
    training = Training(lambda model: torch.nn.utils.clip_grad_value_(model.parameters(), clip_value=1.0))
    first = change(controlled, training, 0, 1e-3)
    training.go(2)
    elements = sum(parameter.numel() for parameter in training.model.parameters())
    assert all(seen <= 1e-3 * math.sqrt(elements) * SAME_TO_FLOAT for seen in training.optimizer.seen[first:])
    assert training.optimizer.seen[first - 1] > 1e-3 * math.sqrt(elements)
    assert controlled.steps(training.optimizer, training.steps)[first]["threshold"] == 1e-3


def test_each_optimizer_has_its_own(controlled: Recording) -> None:
    one, other = Training(), Training()
    other.go()
    first = change(controlled, one, 0, 0.25)
    one.go(2)
    other.go(2)
    assert controlled.steps(one.optimizer, one.steps)[first]["threshold"] == 0.25
    assert {step["threshold"] for step in controlled.steps(other.optimizer, 3)} == {5.0}


def refusal(recording: Recording, id: int, series: str, threshold: Any = 1.0) -> str:
    recording.hub.ask(id=id, series=series, threshold=threshold)
    return str(recording.hub.wait_for_answer(id)["err"])


def test_says_what_it_can_not_change(controlled: Recording) -> None:
    training = Training(lambda model: None)
    training.go()
    series = controlled.series(training.optimizer)["id"]
    assert "no clip" in refusal(controlled, 0, series)
    assert "no such series" in refusal(controlled, 1, "another")


def test_says_by_what_it_is_clipped_where_that_can_not_be_changed(controlled: Recording) -> None:
    training = Training()
    training.go(2)
    series = controlled.series(training.optimizer)["id"]
    owner = controlled.recorder.known_series(training.optimizer)
    assert owner is not None
    owner.clipped_at(Clip("norm", "deepspeed.runtime.utils.clip_grad_norm_", None))
    assert "deepspeed.runtime.utils.clip_grad_norm_ can't be changed" in refusal(controlled, 7, series)
    owner.clipped_at(Clip("norm", "torch.nn.utils.clip_grad_norm_", None))
    change(controlled, training, 0, 0.5)


@pytest.mark.parametrize("threshold", [0, -1.0, True, "on", None, [], "1"])
def test_what_makes_no_sense_is_ignored(controlled: Recording, threshold: Any) -> None:
    training = Training()
    ask(controlled, training, 7, threshold)
    controlled.hub.ask(id="7", series=[], threshold=1.0)
    controlled.hub.ask(nothing=0)
    assert refusal(controlled, 8, "another")  # what was asked before it was heard before it
    training.go(2)
    assert [answer["id"] for answer in controlled.hub.controlled] == [8]
    assert {step["threshold"] for step in controlled.steps(training.optimizer, training.steps)} == {5.0}


def test_several_ranks_can_not_be_changed() -> None:
    said: List[bytes] = []
    control = Control(lambda: 2, lambda: [], said.append)
    control.hear({"type": "control", "id": 1, "series": "sgd", "threshold": 1.0})
    assert b"ranks" in said[0]


def test_a_run_that_allows_nothing_hears_nothing(recording: Recording) -> None:
    training = Training()
    training.go()
    series = recording.series(training.optimizer)["id"]
    recording.hub.ask(id=0, series=series, threshold=0.1)
    for _ in range(60):
        training.go()
        time.sleep(0.02)
    steps = recording.steps(training.optimizer, training.steps)
    assert {step["threshold"] for step in steps} == {5.0}
    assert recording.hub.controlled == []
    assert {hello["control"] for hello in recording.hub.hellos} == {None}


def test_what_comes_after_the_run_is_not_controlled(controlled: Recording) -> None:
    training = Training()
    change(controlled, training, 0, 0.5)
    controlled.session.close(Outcome("finished", None, 0))
    training.go()
    assert training.optimizer.seen[-1] > 0.5 * SAME_TO_FLOAT


def test_a_fork_of_the_run_is_not_controlled(controlled: Recording) -> None:
    training = Training()
    change(controlled, training, 0, 0.5)
    controlled.session.forget()  # as in the child
    training.go()
    controlled.session._sender.stop()  # which the child has not
    assert training.optimizer.seen[-1] > 0.5 * SAME_TO_FLOAT
