"""The training waits before an update that is not finite, and goes on as the user says."""

from __future__ import annotations

import threading
import time
from typing import Any, Iterator, List, Optional

import pytest
import torch
from gradsight import _pause
from gradsight._pause import Pause
from gradsight.frameworks.torch_control import TorchControl
from gradsight.frameworks.torch_pause import TorchPause
from recording import Recording
from torch_training import loss_of, network


@pytest.fixture
def pausing(recording: Recording) -> Iterator[Recording]:
    recording.hub.wait(lambda: recording.session.is_connected or recording.hub.hellos)
    control = recording.session.allow_control()
    recording.recorder.control = TorchControl(control, recording.recorder)
    pause = control.pauses(lambda: recording.session.is_connected)
    assert pause is not None
    recording.recorder.pause = TorchPause(pause)
    yield recording
    recording.recorder.control = recording.recorder.pause = None


class Training:
    def __init__(self, optimizer: Any = torch.optim.AdamW, bad: Any = (2,), closure: bool = False) -> None:
        self.model = network()
        self.optimizer = optimizer(self.model.parameters(), lr=0.01)
        self._bad = bad
        self._closure = closure
        self.before: List[List[torch.Tensor]] = []
        self.after_bad: List[Any] = []
        self.error: Optional[BaseException] = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            for step in range(5):
                self.before.append([p.detach().clone() for p in self.model.parameters()])
                if self._closure:
                    self.optimizer.step(lambda: self._backward(step))
                else:
                    self._backward(step)
                    self.optimizer.step()
                if step in self._bad:
                    self.after_bad.append([p.grad for p in self.model.parameters()])
            self.before.append([p.detach().clone() for p in self.model.parameters()])
        except BaseException as error:
            self.error = error

    def _backward(self, step: int) -> torch.Tensor:
        self.optimizer.zero_grad()
        loss = loss_of(self.model, step)
        loss.backward()
        if step in self._bad:
            next(self.model.parameters()).grad[0, 0] = float("nan")  # type: ignore[index]
        return loss

    def unchanged(self, step: int) -> bool:
        return all(torch.equal(one, other) for one, other in zip(self.before[step], self.before[step + 1]))


def paused(recording: Recording) -> Any:
    def find() -> Any:
        states = [state["control"]["paused"] for state in recording.hub.states]
        return states[-1] if states else None

    return recording.hub.wait(find)


def proceed(recording: Recording, step: int, action: str) -> None:
    recording.hub.say(type="proceed", step=step, action=action)


@pytest.mark.parametrize("closure", [False, True])
def test_an_update_is_left_out(pausing: Recording, closure: bool) -> None:
    training = Training(closure=closure)
    training.thread.start()
    at = paused(pausing)
    assert (at["step"], at["canSkip"]) == (2, True)
    assert at["message"] == f"Paused before the update at step 2: the gradient of {_first(pausing, training)} is not finite."
    proceed(pausing, 1, "stop")  # of another pause
    proceed(pausing, 2, "party")
    time.sleep(0.1)
    assert training.thread.is_alive()
    proceed(pausing, 2, "skip")
    training.thread.join(30)
    assert training.error is None
    assert [training.unchanged(step) for step in range(5)] == [False, False, True, False, False]
    assert all(torch.isfinite(each).all() for each in training.before[-1])
    assert all(gradient is not None for gradient in training.after_bad[0])
    steps = pausing.steps(training.optimizer, 5)
    assert [step["flags"] & 1 for step in steps] == [0, 0, 1, 0, 0]
    kinds = [event["kind"] for event in pausing.events(training.optimizer, 2)]
    assert kinds == ["warning", "skipped"]
    assert pausing.hub.states[-1]["control"]["paused"] is None


def _first(recording: Recording, training: Training) -> str:
    names = recording.recorder._series[training.optimizer].names(list(training.model.parameters()))
    return names[0]


def test_an_update_is_applied_and_there_is_no_second_pause(pausing: Recording) -> None:
    training = Training(bad=(1, 3))
    training.thread.start()
    assert paused(pausing)["step"] == 1
    proceed(pausing, 1, "apply")
    training.thread.join(30)
    assert training.error is None and not training.unchanged(1)
    assert sum(state["control"]["paused"] is not None for state in pausing.hub.states) == 1


def test_it_is_stopped(pausing: Recording) -> None:
    training = Training()
    training.thread.start()
    proceed(pausing, paused(pausing)["step"], "stop")
    training.thread.join(30)
    assert isinstance(training.error, KeyboardInterrupt)
    pausing.recorder.pause = None


def test_what_can_not_be_left_out_is_not(pausing: Recording) -> None:
    class Own(torch.optim.SGD):
        """May do anything with what has no gradient."""

    training = Training(Own)
    training.thread.start()
    assert paused(pausing)["canSkip"] is False
    proceed(pausing, 2, "skip")
    time.sleep(0.5)
    assert training.thread.is_alive()
    proceed(pausing, 2, "apply")
    training.thread.join(30)
    assert training.error is None


def test_waits_for_no_editor_that_is_not_there(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pause = Pause(lambda: False, lambda: None)
    assert pause.wait("sgd", 3, "Paused.", True) == "apply"
    assert "No editor is connected" in capfd.readouterr().err
    connected = [True]
    monkeypatch.setattr(_pause, "GRACE", 0.3)
    leaving = Pause(lambda: bool(connected), connected.clear)  # is gone as soon as it was told
    assert leaving.wait("sgd", 3, "Paused.", True) == "apply"
    assert "is gone: it goes on" in capfd.readouterr().err
