"""A trial's threshold is what the optimizer gets, and nothing else of the training changes."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional

import pytest
import torch
from gradsight._trial import NONE, OWN, Plan, Trial, TrialFinished, write_plan
from gradsight.frameworks.torch_trial import TorchTrial
from recording import Recording
from torch import nn
from torch_training import VERSION, Seen, loss_of, near, network

SAME_TO_FLOAT = 1 + 1e-6
PUBLIC_CLIP = torch.nn.utils.clip_grad_norm_


@pytest.fixture
def tried(recording: Recording, tmp_path: Path) -> "Iterator[Callable[..., Recording]]":
    """Makes what is trained from here on in this test a trial of this setting."""
    made: List[Trial] = []

    def become(setting: str, inserts: bool = False, series: Optional[str] = None, steps: int = 1000) -> Recording:
        folder = tmp_path / f"trial-{len(made)}"
        folder.mkdir()
        write_plan(str(folder), Plan("sweep", setting, series, inserts, steps, 0, os.getppid()))
        made.append(Trial(str(folder)))
        recording.recorder.trial = TorchTrial(made[-1], recording.recorder)
        return recording

    yield become
    recording.recorder.trial = None


def train(model: nn.Module, optimizer: Any, clip: Optional[float], steps: int = 4) -> None:
    for step in range(steps):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()


def weights(model: nn.Module) -> List[torch.Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def by_hand(clip: Optional[float], optimizer: Any = Seen, **more: Any) -> List[torch.Tensor]:
    model = network()
    train(model, optimizer(model.parameters(), **more), clip)
    return weights(model)


def equal(one: List[torch.Tensor], other: List[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other))


@pytest.mark.parametrize("own", [None, 5.0])
def test_is_the_very_training_that_clips_so_by_hand(tried: Any, own: Optional[float]) -> None:
    expected = by_hand(0.5)
    recording = tried("0.5", inserts=own is None)
    model = network()
    optimizer = Seen(model.parameters())
    train(model, optimizer, own)
    assert equal(weights(model), expected)
    assert all(seen <= 0.5 * SAME_TO_FLOAT for seen in optimizer.seen)
    steps = recording.steps(optimizer, 4)
    assert {step["threshold"] for step in steps} == {0.5}
    assert all(step["norm_pre"] > 0.5 for step in steps)  # else nothing was shown
    assert recording.series(optimizer)["clip"]["location"]["file"] == __file__


@pytest.mark.parametrize("setting, clip", [(OWN, 1.0), (NONE, None)])
def test_the_present_setting_and_none(tried: Any, setting: str, clip: Optional[float]) -> None:
    expected = by_hand(clip)
    tried(setting)
    model = network()
    train(model, Seen(model.parameters()), 1.0)
    assert equal(weights(model), expected)


def test_a_threshold_given_by_keyword_or_by_a_tensor(tried: Any) -> None:
    expected = by_hand(0.5)
    tried("0.5")
    for given in ((), {"max_norm": 9.0}), ((torch.tensor(9.0),), {}):
        model = network()
        optimizer = Seen(model.parameters())
        for step in range(4):
            optimizer.zero_grad()
            loss_of(model, step).backward()
            PUBLIC_CLIP(model.parameters(), *given[0], **given[1])
            optimizer.step()
        assert equal(weights(model), expected)


@pytest.mark.skipif(VERSION < (2, 6), reason="there is no such function yet")
def test_clips_by_a_norm_that_was_worked_out_before(tried: Any) -> None:
    expected = by_hand(0.5)
    tried("0.5")
    model = network()
    optimizer = Seen(model.parameters())
    for step in range(4):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        total = torch.nn.utils.get_total_norm([parameter.grad for parameter in model.parameters()])
        torch.nn.utils.clip_grads_with_norm_(model.parameters(), 9.0, total)
        optimizer.step()
    assert equal(weights(model), expected)


def test_clipping_by_value_stays_as_it_is(tried: Any) -> None:
    recording = tried("0.01", inserts=True)
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    torch.nn.utils.clip_grad_value_(model.parameters(), 0.2)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["threshold"] == 0.01
    assert optimizer.seen[0] <= 0.01 * SAME_TO_FLOAT


def test_accumulated_gradients_are_clipped_once(tried: Any) -> None:
    def trained(clips: bool) -> List[torch.Tensor]:
        model = network()
        optimizer = Seen(model.parameters())
        for step in range(3):
            optimizer.zero_grad()
            loss_of(model, 2 * step).backward()
            loss_of(model, 2 * step + 1).backward()
            if clips:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
        return weights(model)

    expected = trained(clips=True)
    tried("0.5", inserts=True)
    assert equal(trained(clips=False), expected)


class Nested(Seen):
    """Its ``step`` calls another one's, with the same parameters, and has its gradients used once."""

    def __init__(self, parameters: Any) -> None:
        parameters = list(parameters)
        super().__init__(parameters, lr=0.1)
        self.inner = torch.optim.SGD(parameters, lr=0.1)

    def step(self, closure: Any = None) -> Any:
        self.inner.step()
        return super().step(closure)


def test_a_step_within_a_step_clips_once(tried: Any) -> None:
    expected = by_hand(0.5, Nested)
    tried("0.5", inserts=True)
    model = network()
    train(model, Nested(model.parameters()), None)
    assert equal(weights(model), expected)


def test_what_a_closure_computes_is_clipped_after_it(tried: Any) -> None:
    def trained(clips: bool) -> List[torch.Tensor]:
        model = network()
        optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=3)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = loss_of(model)
            loss.backward()
            if clips:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            return loss

        optimizer.step(closure)
        return weights(model)

    expected = trained(clips=True)
    tried("0.5", inserts=True)
    assert equal(trained(clips=False), expected)


@pytest.mark.skipif(not hasattr(torch.amp, "GradScaler"), reason="needs a scaler that runs on a CPU")
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("script_unscales", [False, True])
def test_gradients_are_unscaled_before_once(tried: Any, fused: bool, script_unscales: bool) -> None:
    def trained(clips: bool, unscales: bool) -> List[torch.Tensor]:
        model, scaler = network(), torch.amp.GradScaler("cpu", init_scale=1024.0)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=fused)
        for step in range(5):
            optimizer.zero_grad()
            scaler.scale(loss_of(model, step)).backward()
            if step == 2:
                model[0].weight.grad[0, 0] = math.inf  # type: ignore[index]
            if unscales:
                scaler.unscale_(optimizer)
            if clips:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            scaler.step(optimizer)
            scaler.update()
        assert scaler.get_scale() == 512.0
        return weights(model)

    expected = trained(clips=True, unscales=True)
    tried("0.5", inserts=True)
    assert equal(trained(clips=False, unscales=script_unscales), expected)


def test_is_about_the_series_that_it_names(tried: Any) -> None:
    recording = tried("0.25", series="critic", inserts=True)
    nets = [network(seed) for seed in (1, 2)]
    actor, critic = (Seen(net.parameters()) for net in nets)
    for step in range(3):
        for optimizer, net in zip((actor, critic), nets):
            optimizer.zero_grad()
            loss_of(net, step).backward()
            optimizer.step()
    assert all(seen <= 0.25 * SAME_TO_FLOAT for seen in critic.seen)
    assert all(seen > 1 for seen in actor.seen)
    assert "threshold" not in recording.steps(actor, 3)[0]


def test_names_the_series_of_a_clip_before_its_first_update(tried: Any) -> None:
    tried("0.25", series="critic")
    nets = [network(seed) for seed in (1, 2)]
    actor, critic = (Seen(net.parameters()) for net in nets)
    for optimizer, net in zip((actor, critic), nets):
        loss_of(net).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 3.0)
        optimizer.step()
    assert critic.seen == near([0.25]) and actor.seen == near([3.0])


def test_ends_after_the_last_step_and_not_within_it(tried: Any) -> None:
    recording = tried("0.5", steps=3)
    model = network()
    optimizer = Nested(model.parameters())
    cleaned_up = []
    with pytest.raises(TrialFinished) as ended:
        try:
            train(model, optimizer, 1.0, steps=10)
        except Exception:
            pytest.fail("not an exception that a script would take for an error")
        finally:
            cleaned_up.append(True)
    assert ended.value.code == 0 and cleaned_up
    assert len(optimizer.seen) == 3
    recording.steps(optimizer, 3)
    (event,) = recording.events(optimizer, 1)
    assert (event["kind"], event["message"]) == ("note", "The trial was ended after 3 steps.")


def test_updates_inside_the_backward_pass_are_no_trial(tried: Any) -> None:
    tried("0.5", inserts=True)
    model = network()
    for parameter in model.parameters():
        optimizer = torch.optim.SGD([parameter], lr=0.1)
        parameter.register_post_accumulate_grad_hook(lambda _, each=optimizer: each.step())  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="inside the backward pass"):
        loss_of(model).backward()
