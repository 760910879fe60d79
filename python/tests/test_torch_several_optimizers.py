"""Several optimizers in one process: a series each, and each has what is its own."""

from __future__ import annotations

import copy
import gc
import weakref
from typing import Any, Callable, Dict, List

import torch
from recording import Recording, gradients, norm
from torch import nn
from torch_training import Seen, loss_of, near, network


def test_one_clip_for_two_optimizers(recording: Recording) -> None:
    model = network()
    lower, upper = Seen(model[0].parameters()), Seen(model[2].parameters())  # type: ignore[index]
    loss = loss_of(model)
    loss.backward()
    before = norm(gradients(lower) + gradients(upper))
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    lower.step()
    upper.step()
    for optimizer in (lower, upper):
        (step,) = recording.steps(optimizer, 1)
        assert (step["norm_pre"], step["norm_post"], step["loss"]) == near((before, 1.0, loss.item()))
    assert [recording.series(o)["label"] for o in (lower, upper)] == ["lower", "upper"]


def test_a_gan_s_two_optimizers(recording: Recording) -> None:
    generator, critic = network(1), nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))
    opt_g, opt_d = Seen(generator.parameters()), Seen(critic.parameters())
    losses: Dict[Any, List[float]] = {opt_g: [], opt_d: []}
    for _ in range(3):
        noise = torch.randn(8, 6)
        opt_d.zero_grad()
        real, fake = critic(torch.randn(8, 1)).mean(), -critic(generator(noise).detach()).mean()
        real.backward()
        fake.backward()
        torch.nn.utils.clip_grad_norm_(critic.parameters(), 0.01)
        opt_d.step()
        losses[opt_d].append(real.item() + fake.item())
        opt_g.zero_grad()
        adversarial = critic(generator(noise)).mean()
        adversarial.backward()
        opt_g.step()
        losses[opt_g].append(adversarial.item())
    for optimizer in (opt_g, opt_d):
        steps = recording.steps(optimizer, 3)
        assert [step["loss"] for step in steps] == near(losses[optimizer])
        after = [step.get("norm_post", step["norm_pre"]) for step in steps]
        assert after == near(optimizer.seen)
    assert all("threshold" not in step for step in recording.steps(opt_g, 3))
    assert all(step["threshold"] == 0.01 for step in recording.steps(opt_d, 3))


def test_a_pass_that_no_update_follows_is_no_other_model_s(recording: Recording) -> None:
    model, other = network(1), network(2)
    optimizer, unused = Seen(model.parameters()), Seen(other.parameters())
    losses = []
    for step in range(3):
        loss_of(other, step).backward()  # an attack, a probe of the gradients, a model without an update
        optimizer.zero_grad()
        loss = loss_of(model, step)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    assert [step["loss"] for step in recording.steps(optimizer, 3)] == near(losses)
    total = sum(loss_of(other, step).item() for step in range(3))
    unused.step()
    (step,) = recording.steps(unused, 1)
    assert step["loss"] == near(total)


def test_a_pass_whose_gradients_are_thrown_away_does_not_count(recording: Recording) -> None:
    model, other = network(1), network(2)
    optimizer, second = Seen(model.parameters()), Seen(other.parameters())
    ways: List[Callable[[], None]] = [
        optimizer.zero_grad,
        model.zero_grad,
        lambda: optimizer.zero_grad(set_to_none=False),
        lambda: model.zero_grad(set_to_none=False),
    ]
    for throw in ways:
        loss_of(model, 7).backward()
        loss_of(other, 7).backward()
        throw()
        loss = loss_of(model)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    steps = recording.steps(optimizer, 4)
    assert steps[3]["loss"] == near(loss.item())
    assert all(step["loss"] < loss_of(network(1), 7).item() + loss.item() for step in steps)
    second.step()
    assert recording.steps(second, 1)[0]["loss"] == near(4 * loss_of(network(2), 7).item())


def test_updates_that_take_turns_keep_their_own_clips(recording: Recording) -> None:
    model, other = network(1), network(2)
    optimizer, second = Seen(model.parameters()), Seen(other.parameters())
    for _ in range(2):
        optimizer.zero_grad()
        loss_of(model).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        second.zero_grad()
        loss_of(other).backward()
        second.step()
        optimizer.step()
    for step in recording.steps(optimizer, 2):
        assert (step["threshold"], step["norm_post"]) == near((1.0, 1.0))
    assert all("threshold" not in step for step in recording.steps(second, 2))


def test_optimizers_in_containers_are_called_by_their_place(recording: Recording) -> None:
    model, other = network(1), network(2)
    both = {"generator": Seen(model.parameters()), "critic": Seen(other.parameters())}
    loss_of(model).backward()
    loss_of(other).backward()
    for key in both:
        both[key].step()
    assert recording.series(both["generator"])["label"] == "both['generator']"
    assert recording.series(both["critic"])["label"] == "both['critic']"


def test_a_copied_optimizer_is_known_from_its_copying_on(recording: Recording) -> None:
    model = network()
    optimizer, model = copy.deepcopy((torch.optim.SGD(model.parameters(), lr=0.1), model))
    loss = loss_of(model)
    loss.backward()
    before = norm(gradients(optimizer))
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert (step["norm_pre"], step["norm_post"], step["loss"]) == near((before, 1.0, loss.item()))


def test_a_model_that_is_given_up_is_not_held(recording: Recording) -> None:
    def train() -> "weakref.ref[torch.Tensor]":
        model = network()
        optimizer = Seen(model.parameters())
        loss_of(model).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return weakref.ref(next(model.parameters()))

    parameters = [train() for _ in range(2)]
    recording.hub.wait(lambda: gc.collect() >= 0 and [parameter() for parameter in parameters] == [None, None])
