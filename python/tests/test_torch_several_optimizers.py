"""Several optimizers in one process: a series each, and each has what is its own."""

from __future__ import annotations

from typing import Any, Dict, List

import torch
from recording import Recording, gradients, norm
from torch import nn
from torch_training import Seen, network, loss_of, near


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
