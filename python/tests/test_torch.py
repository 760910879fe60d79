"""PyTorch's updates, against what autograd left in ``.grad`` when the optimizer's ``step`` saw it."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Optional

import pytest
import torch
from recording import Recording, gradients, norm
from testing_hub import BY_VALUE, POST_DERIVED, SKIPPED
from torch import nn
from torch.nn.utils import clip_grad_norm_ as bound_before  # before the hooks are in place

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


class Seen(torch.optim.SGD):
    """Remembers the gradients that its ``step`` sees."""

    def __init__(self, parameters: Any, lr: float = 0.1, **more: Any) -> None:
        super().__init__(parameters, lr=lr, **more)
        self.seen: List[float] = []

    def step(self, closure: Any = None) -> Any:
        if closure is None:
            self.seen.append(norm(gradients(self)))
        return super().step(closure)


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))


def loss_of(model: nn.Module, step: int = 0, scale: float = 3.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(step)
    inputs = torch.randn(16, 6, generator=generator)
    return ((model(inputs) - scale * inputs.sum(1, keepdim=True)) ** 2).mean()


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-5)


def test_without_clipping(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.01)
    losses = []
    for step in range(5):
        optimizer.zero_grad()
        loss = loss_of(model, step)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    steps = recording.steps(optimizer, 5)
    assert [step["norm_pre"] for step in steps] == near(optimizer.seen)
    assert [step["loss"] for step in steps] == near(losses)
    assert {step["lr"] for step in steps} == {0.01}
    assert all("norm_post" not in step and "threshold" not in step for step in steps)
    series = recording.series(optimizer)
    assert series["label"] == "optimizer"
    assert series["site"]["file"] == __file__
    assert series["clip"] is None
    layers = recording.layers(optimizer)[0]
    assert list(layers) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert math.hypot(*layers.values()) == near(steps[0]["norm_pre"])


@pytest.mark.parametrize("given", ["module", "list", "generator", "filter", "bound before"])
def test_clipping_by_norm(recording: Recording, given: str) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    before = []
    for step in range(6):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        before.append(norm(gradients(optimizer)))
        parameters: Any = {"list": list(model.parameters()), "filter": filter(torch.is_tensor, model.parameters())}.get(
            given, model.parameters()
        )
        clip = bound_before if given == "bound before" else torch.nn.utils.clip_grad_norm_
        clip(parameters, 2.0)
        optimizer.step()
    steps = recording.steps(optimizer, 6)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)
    assert max(optimizer.seen) <= 2.0 * (1 + 1e-6) < max(before)
    assert {step["threshold"] for step in steps} == {2.0}
    clip_site = recording.series(optimizer)["clip"]
    assert (clip_site["kind"], clip_site["function"]) == ("norm", "torch.nn.utils.clip_grad_norm_")
    assert clip_site["location"]["file"] == __file__
    assert clip_site["location"]["line"] == recording.series(optimizer)["site"]["line"] - 1


def test_the_norm_after_clipping_is_measured_or_marked_as_derived(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    for step in range(30):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    steps = recording.steps(optimizer, 30)
    flags = [step["flags"] for step in steps]
    assert flags[0] == 0  # checked at the first
    assert flags.count(POST_DERIVED) > 0
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)


def test_gradients_that_change_after_the_clip_are_measured(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.01)
    for step in range(8):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for parameter in model.parameters():
            parameter.grad.mul_(3.0)
        optimizer.step()
    steps = recording.steps(optimizer, 8)
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)
    (event,) = recording.events(optimizer, 1)
    assert "changed between the clip and the update" in event["message"]


def test_clipping_by_value(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    before = []
    for step in range(4):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        before.append(norm(gradients(optimizer)))
        torch.nn.utils.clip_grad_value_(model.parameters(), 0.25)
        optimizer.step()
    steps = recording.steps(optimizer, 4)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)
    assert all(step["threshold"] == 0.25 and step["flags"] == BY_VALUE for step in steps)
    assert recording.series(optimizer)["clip"]["kind"] == "value"


def test_clipping_at_infinity_is_measuring(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["norm_pre"] == near(optimizer.seen[0])
    assert "threshold" not in step and "norm_post" not in step
    assert recording.series(optimizer)["clip"] is None


def test_the_name_without_underscore(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    torch.nn.utils.clip_grad_norm(model.parameters(), 1.0)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["norm_post"] == near(optimizer.seen[0])


def test_clipping_in_two_halves(recording: Recording) -> None:
    if not hasattr(torch.nn.utils, "clip_grads_with_norm_"):
        pytest.skip("needs PyTorch 2.6 or later")
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    total = torch.nn.utils.get_total_norm(gradients(optimizer))
    torch.nn.utils.clip_grads_with_norm_(model.parameters(), 1.0, total)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert (step["norm_pre"], step["norm_post"]) == near((total.item(), optimizer.seen[0]))


def test_another_norm_is_the_one_that_its_threshold_bounds(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    largest = max(gradient.abs().max().item() for gradient in gradients(optimizer))
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1, norm_type=math.inf)
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert (step["norm_pre"], step["norm_post"]) == near((largest, 0.1))


def test_clipping_each_parameter_by_itself(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    for step in range(2):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        before = norm(gradients(optimizer))
        for parameter in model.parameters():
            torch.nn.utils.clip_grad_norm_(parameter, 0.5)
        optimizer.step()
    steps = recording.steps(optimizer, 2)
    assert (steps[1]["norm_pre"], steps[1]["norm_post"]) == near((before, optimizer.seen[1]))
    assert "threshold" not in steps[1]  # none holds for the whole


def test_clipping_a_part(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    loss_of(model).backward()
    before = norm(gradients(optimizer))
    torch.nn.utils.clip_grad_norm_(model[2].parameters(), 0.5)  # type: ignore[index]
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert (step["norm_pre"], step["norm_post"]) == near((before, optimizer.seen[0]))


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


def test_gradient_accumulation_is_one_point_an_update(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    losses = []
    for micro in range(8):
        loss = loss_of(model, micro) / 4
        losses.append(loss.item())
        loss.backward()
        if micro % 4 == 3:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
    steps = recording.steps(optimizer, 2)
    assert [step["loss"] for step in steps] == near([sum(losses[:4]), sum(losses[4:])])
    assert [step["norm_post"] for step in steps] == near(optimizer.seen)


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


def test_a_closure_is_measured_after_it(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    before, after, losses = [], [], []

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        before.append(norm(gradients(optimizer)))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        after.append(norm(gradients(optimizer)))
        losses.append(loss.item())
        return loss

    for _ in range(3):
        optimizer.step(closure)
    steps = recording.steps(optimizer, 3)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step["norm_post"] for step in steps] == near(after)
    assert [step["loss"] for step in steps] == near(losses)


def test_lbfgs_is_one_point_a_step(recording: Recording) -> None:
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=5, line_search_fn="strong_wolfe")
    first: List[float] = []
    calls = 0

    def closure() -> torch.Tensor:
        nonlocal calls
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        if len(first) == len(starts):
            pass
        else:
            first.append(norm(gradients(optimizer)))
        calls += 1
        return loss

    starts: List[int] = []
    for step in range(3):
        starts.append(step)
        optimizer.step(closure)
    assert calls > 3
    steps = recording.steps(optimizer, 3)
    assert [step["norm_pre"] for step in steps] == near(first)


def test_an_optimizer_inside_another_is_one_update(recording: Recording) -> None:
    class Outer(torch.optim.Optimizer):
        def __init__(self, inner: torch.optim.Optimizer) -> None:
            super().__init__([p for group in inner.param_groups for p in group["params"]], {})
            self.inner = inner

        def step(self, closure: Any = None) -> None:
            self.inner.step()

    model = network()
    inner = Seen(model.parameters())
    outer = Outer(inner)
    for step in range(3):
        outer.zero_grad()
        loss_of(model, step).backward()
        outer.step()
    steps = recording.steps(outer, 3)
    assert [step["norm_pre"] for step in steps] == near(inner.seen)
    assert inner not in recording.recorder._series


def test_an_update_that_raises_does_not_end_the_recording(recording: Recording) -> None:
    class Fails(Seen):
        fails = True

        def step(self, closure: Any = None) -> Any:
            if self.fails:
                raise RuntimeError("not now")
            return super().step(closure)

    model = network()
    optimizer = Fails(model.parameters())
    loss_of(model).backward()
    with pytest.raises(RuntimeError, match="not now"):
        optimizer.step()
    optimizer.fails = False
    optimizer.step()
    recording.hub.wait_for_steps(recording._id(optimizer), 1)
    assert recording.hub.steps(recording._id(optimizer))[0]["norm_pre"] == near(optimizer.seen[0])


def test_a_threshold_that_changes(recording: Recording) -> None:
    model = network()
    optimizer = Seen(model.parameters())
    for threshold in (1.0, 1.0, 0.5):
        optimizer.zero_grad()
        loss_of(model).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), threshold)
        optimizer.step()
    (event,) = recording.events(optimizer, 1)
    assert (event["kind"], event["step"], event["data"]) == ("threshold", 2, {"from": 1.0, "to": 0.5})


@pytest.mark.parametrize("clips", [False, True])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_names_the_first_parameter_to_go_bad(recording: Recording, clips: bool, bad: float) -> None:
    model = network()
    optimizer = Seen(model.parameters(), lr=0.0)
    for step in range(4):
        optimizer.zero_grad()
        loss_of(model).backward()
        if step in (2, 3):
            model[2].weight.grad[0, 0] = bad  # type: ignore[index]
        if clips:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    steps = recording.steps(optimizer, 4)
    assert [math.isfinite(step["norm_pre"]) for step in steps] == [True, True, False, False]
    events = recording.events(optimizer, 1)
    assert [(event["kind"], event["step"]) for event in events] == [("nonfinite", 2)]
    # Once a norm that is NaN has been multiplied in, every gradient is NaN: named only where they were sampled before.
    allowed = ["2.weight"] if not clips or bad == math.inf else ["2.weight", None]
    assert events[0]["data"]["parameter"] in allowed


def test_sparse_and_mixed_gradients(recording: Recording) -> None:
    torch.manual_seed(0)
    table = nn.Embedding(10, 4, sparse=True)
    double = nn.Linear(4, 1).double()
    half = nn.Parameter(torch.full((4,), 300.0, dtype=torch.bfloat16))
    optimizer = torch.optim.SGD([*table.parameters(), *double.parameters(), half], lr=0.1)
    out = double(table(torch.tensor([1, 1, 2])).double()).sum() + (half * 1000).float().sum()
    out.backward()
    expected = norm([g.coalesce().to_dense() if g.is_sparse else g for g in gradients(optimizer)])
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["norm_pre"] == pytest.approx(expected, rel=1e-3)


def scaled_step(
    scaler: Any, model: nn.Module, optimizer: Any, step: int, clip: Optional[float], unscale: bool, bad: bool = False
) -> None:
    optimizer.zero_grad()
    loss = loss_of(model, step)
    scaler.scale(loss).backward()
    if bad:
        model[0].weight.grad[0, 0] = math.inf  # type: ignore[index]
    if unscale:
        scaler.unscale_(optimizer)
    if clip is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    scaler.step(optimizer)
    scaler.update()


def grad_scaler(scale: float = 1024.0) -> Any:
    return torch.amp.GradScaler("cpu", init_scale=scale)


@pytest.mark.parametrize("unscale", [False, True])
@pytest.mark.parametrize("clips", [False, True])
def test_under_a_gradient_scaler_norms_are_unscaled(recording: Recording, unscale: bool, clips: bool) -> None:
    model, scaler = network(), grad_scaler()
    optimizer = Seen(model.parameters(), lr=0.01)
    losses, before = [], []
    for step in range(4):
        with torch.no_grad():
            losses.append(loss_of(model, step).item())
        before.append(norm(torch.autograd.grad(loss_of(model, step), list(model.parameters()))))
        scaled_step(scaler, model, optimizer, step, 1.0 if clips else None, unscale)
    steps = recording.steps(optimizer, 4)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step.get("norm_post", step["norm_pre"]) for step in steps] == near(optimizer.seen)
    assert [step["loss"] for step in steps] == near(losses)
    assert {step["loss_scale"] for step in steps} == {1024.0}
    if clips:
        assert {step["threshold"] for step in steps} == {1.0 if unscale else 1.0 / 1024}
    if clips and not unscale:
        (event,) = recording.events(optimizer, 1)
        assert "clipped while still scaled by 1024" in event["message"]


@pytest.mark.parametrize("unscale", [False, True])
def test_steps_that_the_scaler_skips(recording: Recording, unscale: bool) -> None:
    model, scaler = network(), grad_scaler()
    optimizer = Seen(model.parameters())
    for step in range(4):
        scaled_step(scaler, model, optimizer, step, 1.0, unscale, bad=step == 1)
    steps = recording.steps(optimizer, 4)
    assert [step["flags"] & SKIPPED for step in steps] == [0, SKIPPED, 0, 0]
    assert not math.isfinite(steps[1]["norm_pre"])
    assert [step["loss_scale"] for step in steps] == [1024, 1024, 512, 512]
    assert len(optimizer.seen) == 3
    assert [event["kind"] for event in recording.events(optimizer, 1 if unscale else 2)][-1:] == ["skipped"]


def test_a_fused_optimizer_unscales_by_itself(recording: Recording) -> None:
    model, scaler = network(), grad_scaler()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    before = []
    for step in range(4):
        before.append(norm(torch.autograd.grad(loss_of(model, step), list(model.parameters()))))
        scaled_step(scaler, model, optimizer, step, None, False, bad=step == 2)
    steps = recording.steps(optimizer, 4)
    assert [step["norm_pre"] for step in steps if not step["flags"]] == near([before[0], before[1], before[3]])
    assert [step["flags"] for step in steps] == [0, 0, SKIPPED, 0]


def test_a_disabled_scaler_is_none(recording: Recording) -> None:
    model, scaler = network(), torch.amp.GradScaler("cpu", enabled=False)
    optimizer = Seen(model.parameters())
    scaled_step(scaler, model, optimizer, 0, 1.0, True)
    (step,) = recording.steps(optimizer, 1)
    assert "loss_scale" not in step
    assert step["norm_post"] == near(optimizer.seen[0])


def test_an_empty_generator_is_still_warned_of(recording: Recording) -> None:
    parameters = network().parameters()
    list(parameters)
    with pytest.warns(UserWarning, match="empty generator") as caught:
        result = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    assert result.item() == 0
    assert caught[0].filename == __file__


def test_an_error_in_the_clip_is_the_script_s(recording: Recording) -> None:
    model = network()
    loss_of(model).backward()
    model[0].weight.grad[0, 0] = math.nan  # type: ignore[index]
    with pytest.raises(RuntimeError, match="non-finite"):
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)


def test_a_learning_rate_that_is_a_tensor(recording: Recording) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=torch.tensor(0.25), foreach=False)
    loss_of(model).backward()
    optimizer.step()
    (step,) = recording.steps(optimizer, 1)
    assert step["lr"] == 0.25
