"""DeepSpeed on a CPU, at every stage of ZeRO: against the same training in plain PyTorch, and what the engine says."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from conftest import command, environment, run
from testing_crowd import Crowd
from testing_hub import POST_DERIVED, SKIPPED, HubForTests

pytest.importorskip("deepspeed", reason="DeepSpeed is not installed")

Script = Callable[..., Path]

HEAD = """
    import copy, json, tempfile, torch
    import deepspeed

    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False  # gloo alone does, and needs no compiler
    torch.set_num_threads(1)
    {group}
    deepspeed.init_distributed("gloo")

    def network():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))

    def loss_of(model, number, dtype=torch.float32, bad=False):
        x = torch.randn(16, 6, generator=torch.Generator().manual_seed(number))
        if bad:
            x[0, 0] = float("inf")
        return ((model(x.to(dtype)).float() - 3 * x.sum(1, keepdim=True)) ** 2).mean()

    def engine_of(model, **config):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
        given = {"train_micro_batch_size_per_gpu": 16, "zero_allow_untested_optimizer": True, **config}
        return deepspeed.initialize(model=model, optimizer=optimizer, config=given)[0]
"""
ALONE = 'torch.distributed.init_process_group("gloo", init_method="file://" + tempfile.mktemp(), rank=0, world_size=1)'
BY_LAUNCHER = 'torch.distributed.init_process_group("gloo")'
ENVIRONMENT = {
    "DS_ACCELERATOR": "cpu",
    "RANK": "0",
    "LOCAL_RANK": "0",
    "WORLD_SIZE": "1",
    "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "29500",
}


def test_a_sweep_says_that_there_are_no_trials_of_it(script: Script, tmp_path: Path) -> None:
    script(
        HEAD.replace("{group}", ALONE)
        + """
    engine = engine_of(network(), gradient_clipping=1.0)
    while True:
        engine.backward(loss_of(engine, 0))
        engine.step()
"""
    )
    env = environment(GRADSIGHT_STATE=str(tmp_path / "state"), **ENVIRONMENT)
    done = run(command("-m", "gradsight", "sweep", "train.py", "--steps", "5"), cwd=tmp_path, env=env)
    assert done.returncode == 1 and "there are no trials of that yet" in done.stderr, done.stderr


def train(script: Script, hub: HubForTests, text: str) -> Any:
    """Runs the script with the recording on; what it prints last."""
    path = script(HEAD.replace("{group}", ALONE) + text)
    done = run(command("-m", "gradsight", "run", str(path)), env=environment(**hub.environment(), **ENVIRONMENT))
    assert done.returncode == 0, done.stderr
    assert "the training goes on" not in done.stderr, done.stderr
    hub.wait(lambda: hub.end)
    return json.loads(done.stdout.splitlines()[-1])


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-4)


def test_every_stage_of_zero(script: Script, hub: HubForTests) -> None:
    said: Dict[str, Any] = train(
        script,
        hub,
        """
    def plain():
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
        said = []
        for step in range(5):
            losses = [loss_of(model, 2 * step + part) / 2 for part in range(2)]
            for loss in losses:
                loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.5)
            after = torch.nn.utils.get_total_norm([parameter.grad for parameter in model.parameters()])
            optimizer.step()
            optimizer.zero_grad()
            said.append([float(sum(losses)), float(norm), float(after)])
        return said

    expected = plain()  # an optimizer of PyTorch beside the engines
    for stage in range(4):
        engine = engine_of(
            network(), gradient_accumulation_steps=2, gradient_clipping=1.5, zero_optimization={"stage": stage}
        )
        for number in range(10):
            engine.backward(loss_of(engine, number))
            engine.step()
    print(json.dumps(expected))
    """,
    )
    plain, *stages = hub.series.values()
    assert len(stages) == 4
    assert [step["norm_pre"] for step in hub.steps(plain["id"])] == near([norm for _, norm, _ in said])
    for number, series in enumerate(stages):
        steps = hub.steps(series["id"])
        assert [step["step"] for step in steps] == list(range(5)), series
        assert [step["loss"] for step in steps] == near([loss for loss, _, _ in said])
        assert [step["norm_pre"] for step in steps] == near([norm for _, norm, _ in said])
        assert [step["norm_post"] for step in steps] == near([after for *_, after in said])
        assert {step["threshold"] for step in steps} == {1.5}
        assert [step["lr"] for step in steps] == near([0.02] * 5)
        assert series["optimizer"] == "torch.optim.SGD"
        assert series["clip"]["kind"] == "norm"
        if number:
            assert series["label"].startswith("engine")
            assert {step["flags"] for step in steps} == {POST_DERIVED}
        lines = Path(hub.hellos[0]["run"]["script"]).read_text().splitlines()
        assert "engine.step()" in lines[series["site"]["line"] - 1]
    assert max(norm for _, norm, _ in said) > 1.5
    assert hub.hellos[-1]["run"]["framework"] == "deepspeed"


def test_an_overflow_is_a_step_that_was_skipped(script: Script, hub: HubForTests) -> None:
    said = train(
        script,
        hub,
        """
    said = []
    for stage in (1, 3):
        engine = engine_of(network(), bf16={"enabled": True, "check_grad_overflow": True}, zero_optimization={"stage": stage})
        for number in range(4):
            engine.backward(loss_of(engine, number, torch.bfloat16, bad=number == 2))
            engine.step()
            said.append([engine.skipped_steps, float(engine.get_global_grad_norm())])
    print(json.dumps(said))
    """,
    )
    assert [skipped for skipped, _ in said] == [0, 0, 1, 1] * 2
    for series, told in zip(hub.series.values(), (said[:4], said[4:])):
        steps = hub.steps(series["id"])
        assert [step["flags"] & SKIPPED for step in steps] == [0, 0, SKIPPED, 0]
        assert "norm_pre" not in steps[2] and not math.isfinite(steps[2]["loss"])
        assert [steps[i]["norm_pre"] for i in (0, 1, 3)] == near([told[i][1] for i in (0, 1, 3)])
        assert {step["threshold"] for step in steps} == {1.0}  # DeepSpeed's own, where none is configured
        (event,) = [event for event in hub.events if event["series"] == series["id"] and event["kind"] == "skipped"]
        assert event["step"] == 2 and event["message"].startswith("DeepSpeed skipped")


def test_half_precision(script: Script, hub: HubForTests) -> None:
    said = train(
        script,
        hub,
        """
    deepspeed.get_accelerator().is_fp16_supported = lambda: True  # it is slow there, and asks for more than is used here

    def masters(optimizer):
        groups = getattr(optimizer, "fp32_groups", None) or [optimizer.single_partition_of_fp32_groups]
        return torch.cat([weights.detach().flatten() for group in groups for weights in group])

    said = []
    for stage in (0, 2):
        scale = {"enabled": True, "initial_scale_power": 4, "hysteresis": 1}
        engine = engine_of(network(), fp16=scale, gradient_clipping=2.5, zero_optimization={"stage": stage})
        for number in range(4):
            before = masters(engine.optimizer).clone()
            loss = loss_of(engine, number, torch.float16, bad=number == 1)
            engine.backward(loss)
            engine.step()
            said.append([float(loss), float((masters(engine.optimizer) - before).norm() / 0.02)])
    print(json.dumps(said))
    """,
    )
    for series, told in zip(hub.series.values(), (said[:4], said[4:])):
        steps = hub.steps(series["id"])
        assert [step["flags"] & SKIPPED for step in steps] == [0, SKIPPED, 0, 0]
        assert [step["loss_scale"] for step in steps] == [16, 16, 8, 8]
        for step, (loss, used) in list(zip(steps, told))[::2]:
            assert step["loss"] == near(loss)
            assert step["norm_post"] == pytest.approx(used, rel=0.001)
            assert step["norm_post"] == near(min(step["norm_pre"], 2.5))


@pytest.mark.parametrize("stage", [0, 1, 3])
def test_two_processes_know_one_norm(stage: int, script: Script, crowd: Crowd, tmp_path: Path) -> None:
    """Each says the norm of all, whatever part of the gradients it has, and its own loss."""
    path = script(
        HEAD.replace("{group}", BY_LAUNCHER)
        + f"""
    engine = engine_of(network(), gradient_clipping=1.5, zero_optimization={{"stage": {stage}}})
    said = []
    for number in range(4):
        loss = loss_of(engine, 2 * number + torch.distributed.get_rank())
        engine.backward(loss)
        gradients = [parameter.grad for parameter in engine.parameters() if parameter.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        engine.step()
        said.append([float(loss.detach()), float(engine.get_global_grad_norm() or norm)])  # it has none without ZeRO
    with open(f"said-{{torch.distributed.get_rank()}}", "w") as file:
        json.dump(said, file)
    """
    )
    launched = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(path)]
    env = environment(**crowd.environment(), DS_ACCELERATOR="cpu", OMP_NUM_THREADS="1")
    done = run(command("-m", "gradsight", "run", *launched), env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the training goes on" not in done.stderr, done.stderr
    for rank, hub in enumerate(crowd.ranks(2)):
        said = json.loads((tmp_path / f"said-{rank}").read_text())
        (series,) = hub.series.values()
        steps = hub.steps(series["id"])
        assert [step["step"] for step in steps] == list(range(4))
        assert [step["loss"] for step in steps] == near([loss for loss, _ in said])
        assert [step["norm_pre"] for step in steps] == near([norm for _, norm in said])
        assert {step["threshold"] for step in steps} == {1.5}
    assert len(crowd.attempts) == 2


def check_trainer(hub: HubForTests, said: Any, threshold: float) -> None:
    """One series, told by the engine, though the trainer has asked for the clip and the update as well."""
    (series,) = hub.series.values()
    steps = hub.steps(series["id"])
    assert [step["step"] for step in steps] == list(range(len(said)))
    assert [step["norm_pre"] for step in steps] == near([norm for _, norm in said])
    assert [step["loss"] for step in steps] == near([loss for loss, _ in said])
    assert {step["threshold"] for step in steps} == {threshold}
    assert series["clip"]["function"] == "gradient_clipping of DeepSpeed's configuration"
    assert hub.hellos[-1]["run"]["framework"] == "deepspeed"


@pytest.mark.skipif(importlib.util.find_spec("accelerate") is None, reason="Accelerate is not installed")
def test_accelerate(script: Script, hub: HubForTests) -> None:
    said = train(
        script,
        hub,
        """
    from accelerate import Accelerator
    from accelerate.utils import DeepSpeedPlugin

    plugin = DeepSpeedPlugin(zero_stage=2, gradient_clipping=1.5, gradient_accumulation_steps=1)
    plugin.deepspeed_config.update(train_micro_batch_size_per_gpu=16, zero_allow_untested_optimizer=True)
    accelerator = Accelerator(deepspeed_plugin=plugin)
    model = network()
    model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.02))
    said = []
    for number in range(4):
        loss = loss_of(model, number)
        accelerator.backward(loss)
        norm = accelerator.clip_grad_norm_(model.parameters(), 1.5)
        optimizer.step()
        optimizer.zero_grad()
        said.append([float(loss.detach()), float(norm)])
    print(json.dumps(said))
    """,
    )
    check_trainer(hub, said, 1.5)


@pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="transformers is not installed")
def test_hugging_face_s_trainer(script: Script, hub: HubForTests) -> None:
    said = train(
        script,
        hub,
        """
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network()

        def forward(self, x, labels):
            return {"loss": ((self.inner(x) - labels) ** 2).mean()}

    class Keep(TrainerCallback):
        def on_log(self, args, state, control, logs, **kwargs):
            if "grad_norm" in logs:
                said.append([logs["loss"], float(logs["grad_norm"])])

    said = []
    x = torch.randn(64, 6, generator=torch.Generator().manual_seed(1))
    data = [{"x": row, "labels": 3 * row.sum(0, keepdim=True)} for row in x]
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(), use_cpu=True, per_device_train_batch_size=16, num_train_epochs=1, learning_rate=0.02,
        lr_scheduler_type="constant", max_grad_norm=1.5, logging_steps=1, report_to=[], save_strategy="no", disable_tqdm=True,
        deepspeed={
            "train_micro_batch_size_per_gpu": "auto", "gradient_accumulation_steps": "auto", "gradient_clipping": "auto",
            "zero_allow_untested_optimizer": True, "zero_optimization": {"stage": 2},
        },
    )
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    Trainer(
        model=model, args=arguments, train_dataset=data, callbacks=[Keep()], optimizers=(optimizer, None)
    ).train()
    print(json.dumps(said))
    """,
    )
    assert len(said) == 4
    check_trainer(hub, said, 1.5)


def test_what_the_engine_saves_is_one_checkpoint(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    train(
        script,
        hub,
        f"""
    for stage in (0, 1):
        engine = engine_of(network(), zero_optimization={{"stage": stage}})
        for number in range(3):
            engine.backward(loss_of(engine, number))
            engine.step()
        engine.save_checkpoint({str(tmp_path)!r})
        engine.save_checkpoint({str(tmp_path)!r}, tag="best")
    print("{{}}")
    """,
    )
    told: Dict[str, Any] = {series: [] for series in hub.series}
    for event in hub.events:
        if event["kind"] == "checkpoint":
            told[event["series"]].append((event["step"], event["data"]["path"]))
    assert len(told) == 2
    for found in told.values():
        assert found == [(2, str(tmp_path / "global_step3")), (2, str(tmp_path / "best"))]
