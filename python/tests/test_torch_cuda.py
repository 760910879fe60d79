"""On a real GPU: the same numbers, in their order, out of a device that is never waited for, and of graphs left whole."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest
import torch
from conftest import command, environment, run
from gradsight._series import FLIGHT_STEPS
from gradsight.frameworks.torch_reading import SLOTS, Reader
from gradsight.metrics import gradient_norm
from gradsight.metrics.time_budget import TimeBudget
from recording import Recording, gradients, norm
from testing_hub import SKIPPED, HubForTests
from torch import nn
from torch_training import near

if not torch.cuda.is_available():
    pytest.skip("needs a GPU", allow_module_level=True)

DEVICE = "cuda"
A_WHILE = 20_000_000
"""Cycles that the device is kept busy, some hundredths of a second: far longer than Python takes for a step."""


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1)).to(DEVICE)


INPUTS = torch.randn(8, 16, 6, generator=torch.Generator().manual_seed(0)).to(DEVICE)


def loss_of(model: Any, step: int = 0) -> torch.Tensor:
    inputs = INPUTS[step % 8]
    return (model(inputs) - 3.0 * inputs.sum(1, keepdim=True)).pow(2).mean()


def arrived(recording: Recording) -> None:
    """As at the next step, if the device has come so far by then."""
    torch.cuda.synchronize()
    recording.recorder.reader.poll()


def grad_scaler(**settings: Any) -> Any:
    if hasattr(torch.amp, "GradScaler"):
        return torch.amp.GradScaler("cuda", **settings)
    return torch.cuda.amp.GradScaler(**settings)


def oracle(model: nn.Module) -> Dict[str, float]:
    return {name: float(parameter.grad.double().norm()) for name, parameter in model.named_parameters()}  # type: ignore


OPTIMIZERS: Dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9),
    "foreach": lambda parameters: torch.optim.Adam(parameters, lr=0.01, foreach=True),
    "fused": lambda parameters: torch.optim.Adam(parameters, lr=0.01, fused=True),
    "capturable": lambda parameters: torch.optim.AdamW(parameters, lr=0.01, capturable=True),
    "rate on the device": lambda parameters: torch.optim.Adam(
        parameters, lr=torch.tensor(0.01, device=DEVICE), capturable=True
    ),
}


@pytest.mark.parametrize("foreach", [None, False], ids=["foreach", "one by one"])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_norms_before_and_after_clipping(recording: Recording, kind: str, foreach: Any) -> None:
    model = network()
    optimizer = OPTIMIZERS[kind](model.parameters())
    before, after, losses, layers = [], [], [], []
    for step in range(12):
        optimizer.zero_grad()
        loss = loss_of(model, step)
        losses.append(loss.item())
        loss.backward()
        before.append(norm(gradients(optimizer)))
        layers.append(oracle(model))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=foreach)
        after.append(norm(gradients(optimizer)))
        optimizer.step()
    arrived(recording)
    steps = recording.steps(optimizer, 12)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert [step["norm_post"] for step in steps] == near(after)
    assert [step["loss"] for step in steps] == near(losses)
    assert {step["threshold"] for step in steps} == {1.0}
    assert [step["lr"] for step in steps] == near([0.01] * 12)
    assert max(after) <= 1.0 + 1e-5 < max(before)
    for step, found in recording.layers(optimizer).items():
        assert found == near(layers[step])


def test_no_clip(recording: Recording) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    before = []
    for step in range(6):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        before.append(norm(gradients(optimizer)))
        optimizer.step()
    arrived(recording)
    assert [step["norm_pre"] for step in recording.steps(optimizer, 6)] == near(before)


@pytest.fixture
def unwaited() -> Iterator[None]:
    """What waits for the device raises here."""
    torch.cuda.set_sync_debug_mode("error")
    yield
    torch.cuda.set_sync_debug_mode("default")


def in_parts(model: Any) -> None:
    torch.nn.utils.clip_grad_norm_(model[0].parameters(), 0.5)


def each(model: Any) -> None:
    for parameter in model.parameters():
        torch.nn.utils.clip_grad_norm_(parameter, 0.5)


other = network(1)
for one in other.parameters():
    one.grad = torch.ones_like(one)

WAYS: Dict[str, Callable[[Any], object]] = {
    "unclipped": lambda model: None,
    "by norm": lambda model: torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5),
    "one by one": lambda model: torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5, foreach=False),
    "of order inf": lambda model: torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5, norm_type=math.inf),
    "by value": lambda model: torch.nn.utils.clip_grad_value_(model.parameters(), 0.01),
    "in parts": in_parts,
    "each": each,
    "with others": lambda model: torch.nn.utils.clip_grad_norm_([*other.parameters(), *model.parameters()], 0.5),
}


@pytest.mark.parametrize("types", ["alike", "mixed"])
@pytest.mark.parametrize("way", WAYS)
def test_no_step_waits_for_the_device(recording: Recording, request: Any, way: str, types: str) -> None:
    model = network()
    if types == "mixed":
        model[2].double()
        model[1] = Doubling()
    loss_of(model).backward()  # loads what the first pass loads
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    optimizer.zero_grad()
    request.getfixturevalue("unwaited")
    for step in range(6):
        loss = loss_of(model, step)
        loss.backward()
        WAYS[way](model)
        optimizer.step()
        optimizer.zero_grad()
        series = recording.recorder._series[optimizer]
        series.ratio_budget = series.weights_budget = series.post_budget = TimeBudget(float("inf"))
        series._next_layers = series._next_fetch = 0.0
    torch.cuda.set_sync_debug_mode("default")
    arrived(recording)
    steps = recording.steps(optimizer, 6)
    assert all(math.isfinite(step["norm_pre"]) and math.isfinite(step["loss"]) for step in steps)


class Doubling(nn.Module):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs.tanh().double()


def test_a_look_that_waits_is_seen_to(unwaited: None) -> None:
    """The tests above can fail."""
    with pytest.raises(RuntimeError, match="synchroniz"):
        torch.ones(1, device=DEVICE).item()


def test_numbers_of_a_device_that_lags_come_in_order(recording: Recording) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    before, losses, lags = [], [], []
    for step in range(60):
        optimizer.zero_grad()
        loss = loss_of(model, step) * (1 + step)
        loss.backward()
        losses.append(loss.detach().clone())
        before.append(torch.linalg.vector_norm(torch.stack([g.norm() for g in gradients(optimizer)])))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if step % 20 == 5:
            torch.cuda._sleep(A_WHILE)
        optimizer.step()
        lags.append(len(recording.recorder.reader._waiting))
    arrived(recording)
    steps = recording.steps(optimizer, 60)
    assert max(lags) > 3
    assert [step["norm_pre"] for step in steps] == near([float(value) for value in before])
    assert [step["loss"] for step in steps] == near([float(value) for value in losses])


def test_a_number_that_nobody_asked_for_in_time_is_none() -> None:
    reader = Reader()
    tickets: List[Any] = [reader.read(torch.tensor(float(number), device=DEVICE)) for number in range(SLOTS + 2)]
    torch.cuda.synchronize()
    assert [ticket.value() for ticket in tickets[:4]] == [None, None, 2.0, 3.0]
    assert tickets[-1].value() == SLOTS + 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64])
def test_a_number_of_any_type_is_exact(dtype: torch.dtype) -> None:
    tensor = torch.tensor([123.456789012345], device=DEVICE).to(dtype)
    ticket: Any = Reader().read(tensor)
    torch.cuda.synchronize()
    assert ticket.value() == tensor.item()


@pytest.mark.parametrize("how", ["unscaled and clipped", "clipped", "unscaled", "fused"])
def test_half_precision_that_overflows(recording: Recording, how: str) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=how == "fused")
    scaler = grad_scaler(init_scale=2.0**20, growth_interval=1000)
    before, losses, scales, skips = [], [], [], []
    for step in range(16):
        optimizer.zero_grad()
        with torch.autocast("cuda", torch.float16):
            loss = loss_of(model, step)
        losses.append(loss.item())
        scales.append(scaler.get_scale())
        scaler.scale(loss).backward()
        before.append(norm(gradients(optimizer)) / scales[-1])
        if how.startswith("unscaled"):
            scaler.unscale_(optimizer)
        if how.endswith("clipped"):
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        skips.append(scaler.get_scale() < scales[-1])
    arrived(recording)
    steps = recording.steps(optimizer, 16)
    assert [bool(step["flags"] & SKIPPED) for step in steps] == skips
    assert True in skips and False in skips
    assert [step["loss_scale"] for step in steps] == scales
    assert [step["loss"] for step in steps] == near(losses)
    taken = [index for index, skip in enumerate(skips) if not skip]
    assert [steps[index]["norm_pre"] for index in taken] == near([before[index] for index in taken])
    assert not any(math.isfinite(steps[index]["norm_pre"]) for index in range(16) if skips[index])


@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize("first", ["cpu", DEVICE])
def test_parameters_on_two_devices(recording: Recording, first: str, clipped: bool) -> None:
    body, head = network(), nn.Linear(1, 1)
    parameters = [*body.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(parameters if first == DEVICE else parameters[::-1], lr=0.001)
    before, after = [], []
    for step in range(4):
        optimizer.zero_grad()
        head(body(INPUTS[step]).cpu()).pow(2).mean().backward()
        before.append(norm([gradient.cpu() for gradient in gradients(optimizer)]))
        if clipped:
            torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 0.05)
        after.append(norm([gradient.cpu() for gradient in gradients(optimizer)]))
        optimizer.step()
    arrived(recording)
    steps = recording.steps(optimizer, 4)
    assert [step["norm_pre"] for step in steps] == near(before)
    assert not clipped or [step["norm_post"] for step in steps] == near(after)


@pytest.mark.parametrize("first", [0, 1])
def test_norms_of_two_devices_are_put_together_without_waiting(request: Any, first: int) -> None:
    kinds = [torch.full((3,), 2.0, dtype=torch.float64), torch.full((4,), 1.5, device=DEVICE), torch.ones(2)]
    given = kinds[first:] + kinds[:first]
    request.getfixturevalue("unwaited")
    found: Any = gradient_norm.measure(given)
    torch.cuda.set_sync_debug_mode("default")
    assert found.each.is_cuda
    assert found.each.tolist() == near([float(tensor.norm()) for tensor in given])


def test_a_step_that_is_captured_into_a_graph(recording: Recording) -> None:
    """Replayed, it trains as it does uncaptured; what was recorded before stays, and that there is a gap is told."""
    model = network()
    uncaptured = copy.deepcopy(model)
    optimizer, plain = (
        torch.optim.Adam(each.parameters(), lr=0.01, capturable=True, fused=True) for each in (model, uncaptured)
    )

    def step(model: Any, optimizer: Any) -> None:
        loss_of(model).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            optimizer.zero_grad()
            torch.cuda._sleep(A_WHILE)
            step(model, optimizer)
    torch.cuda.current_stream().wait_stream(side)
    assert recording.recorder.reader._waiting
    graph = torch.cuda.CUDAGraph()
    optimizer.zero_grad()
    with torch.cuda.graph(graph):
        step(model, optimizer)
    for _ in range(5):
        graph.replay()
    torch.cuda.synchronize()
    for _ in range(8):
        plain.zero_grad()
        step(uncaptured, plain)
    for found, expected in zip(model.parameters(), uncaptured.parameters()):
        assert torch.allclose(found, expected, rtol=1e-4, atol=1e-6)
    arrived(recording)
    captured, eager = recording.steps(optimizer, 3), recording.steps(plain, 8)
    for name in ("norm_pre", "loss"):
        assert [row[name] for row in captured] == near([row[name] for row in eager[:3]])
    (event,) = recording.events(optimizer, 1)
    assert event["kind"] == "warning" and "CUDA graph" in event["message"]


def test_a_model_that_is_compiled_into_graphs(recording: Recording) -> None:
    pytest.importorskip("triton")
    model, same = network(), network()
    optimizer, plain = (torch.optim.Adam(each.parameters(), lr=0.01) for each in (model, same))
    compiled = torch.compile(model, mode="reduce-overhead")
    for network_, of in ((compiled, optimizer), (same, plain)):
        for step in range(8):
            of.zero_grad()
            loss_of(network_, step).backward()
            torch.nn.utils.clip_grad_norm_(network_.parameters(), 1.0)
            of.step()
    arrived(recording)
    found, expected = recording.steps(optimizer, 8), recording.steps(plain, 8)
    for name in ("norm_pre", "norm_post", "loss"):
        assert [step[name] for step in found] == pytest.approx([step[name] for step in expected], rel=1e-3)


def test_the_flight_recorder_has_the_layers_of_the_last_steps(recording: Recording) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    expected = []
    for step in range(FLIGHT_STEPS + 20):
        optimizer.zero_grad()
        loss_of(model, step).backward()
        expected.append(oracle(model))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    recording.recorder._read_all()
    series = recording.recorder._series[optimizer].series
    assert [layers.step for layers in series.norms] == list(range(20, 20 + FLIGHT_STEPS))
    for layers, known in zip(series.norms, expected[20:]):
        assert dict(zip(series.layers[layers.table], layers.numbers() or [])) == near(known)


def test_a_device_without_room_for_the_update_ratio(recording: Recording) -> None:
    """It isn't measured then; all else is."""
    model = nn.Linear(4096, 4096, bias=False).to(DEVICE)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, foreach=False)
    inputs = torch.randn(2, 4096, device=DEVICE)

    def train(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=False)
            model(inputs).pow(2).mean().backward()
            optimizer.step()

    train(2)
    recording.recorder._series[optimizer].ratio_budget = TimeBudget(float("inf"))
    hog = filled()
    train(3)
    hog.clear()
    torch.cuda.empty_cache()  # for the processes of the tests below
    train(1)
    arrived(recording)
    steps = recording.steps(optimizer, 6)
    assert all("norm_pre" in step and "loss" in step for step in steps)
    assert all("update_ratio" not in step for step in steps[2:])


def filled() -> List[torch.Tensor]:
    """What keeps all of the device's memory but for one more tensor of 64 MiB: a backward pass makes one, the ratio two."""
    hog: List[torch.Tensor] = []

    def fill(size: int) -> None:
        try:
            while True:
                hog.append(torch.empty(size, dtype=torch.uint8, device=DEVICE))
        except torch.cuda.OutOfMemoryError:
            pass

    fill(2**28)
    hog.pop()
    fill(2**26)
    hog.pop()
    return hog


TRAINING = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1)).to("cuda")
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    inputs = torch.randn(16, 6, device="cuda")
    for step in range(40):
        optimizer.zero_grad()
        loss = (model(inputs) - 1).pow(2).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        if step == 30:
            {at_30}
        optimizer.step()
"""


def test_the_end_waits_for_the_last_steps(hub: HubForTests, script: Callable[[str], Path]) -> None:
    path = script(TRAINING.format(at_30="torch.cuda._sleep(1_000_000_000)"))
    done = run(command("-m", "gradsight", "run", str(path)), env=environment(**hub.environment()))
    assert (done.returncode, done.stderr) == (0, "")
    hub.wait(lambda: hub.end)
    steps = hub.steps("optimizer")
    assert [step["step"] for step in steps] == list(range(40))
    assert all("norm_pre" in step and "norm_post" in step and "loss" in step for step in steps)


OUT_OF_MEMORY = """
    hog = []

    def out_of_memory():
        for size in (2**28, 2**20, 2**9):
            try:
                while True:
                    hog.append(torch.empty(size, dtype=torch.uint8, device="cuda"))
            except torch.cuda.OutOfMemoryError:
                if size == 2**9:
                    raise
"""


def test_a_device_that_is_out_of_memory_is_told_of(script: Callable[[str], Path], tmp_path: Path) -> None:
    """With the last steps and the norms of their layers, which there is no room left to put together."""
    path = script(OUT_OF_MEMORY + TRAINING.format(at_30="out_of_memory()"))
    env = environment(GRADSIGHT_STATE=str(tmp_path / "state"))
    done = run(command("-m", "gradsight", "run", str(path)), env=env)
    assert done.returncode == 1
    assert "OutOfMemoryError" in done.stderr and "gradsight: the last" not in done.stderr
    told = run(command("-m", "gradsight", "why", "--json"), env=env)
    story: Dict[str, Any] = json.loads(told.stdout)
    assert "OutOfMemoryError" in story["outcome"]["error"]
    assert story["steps"][-1]["step"] == 29
    assert all(len(step["layers"]) == 4 for step in story["steps"])


@pytest.mark.skipif(not hasattr(torch, "set_default_device"), reason="needs PyTorch 2.0 or later")
def test_pinned_memory_beside_a_default_device(recording: Recording) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    torch.set_default_device(DEVICE)
    try:
        for step in range(3):
            optimizer.zero_grad()
            loss_of(model, step).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
        arrived(recording)
    finally:
        torch.set_default_device(None)
    assert [step["threshold"] for step in recording.steps(optimizer, 3)] == [0.5] * 3
