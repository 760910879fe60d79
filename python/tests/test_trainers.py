"""Trainers that ride on PyTorch: unchanged scripts, one series an optimizer, each framework's own clipping recognised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Tuple

import pytest
from conftest import command, environment, run
from testing_hub import HubForTests

Script = Callable[..., Path]

HEAD = """
    import json, os, warnings
    import torch
    from torch import nn

    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    seen, losses = [], []

    class Seen(torch.optim.SGD):
        '''Remembers the norms of the gradients that it uses.'''
        def step(self, closure=None):
            loss = closure() if closure is not None else None
            seen.append(float(torch.linalg.vector_norm(torch.cat([p.grad.flatten() for p in parameters(self)]))))
            super().step()
            return loss

    def parameters(optimizer):
        return [parameter for group in optimizer.param_groups for parameter in group["params"]]

    def network():
        return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))

    def loss_of(model, x):
        return ((model(x) - 3 * x.sum(1, keepdim=True)) ** 2).mean()

    class Data(torch.utils.data.Dataset):
        def __len__(self):
            return 64
        def __getitem__(self, index):
            return torch.randn(6, generator=torch.Generator().manual_seed(index))

    def loader():
        return torch.utils.data.DataLoader(Data(), batch_size=8)

    def tell():
        print(json.dumps([seen, losses]))
"""


def train(script: Script, hub: HubForTests, text: str) -> Tuple[Any, Any]:
    """Runs the script with the recording on; the norms that the optimizer used, and the losses."""
    path = script(HEAD + text)
    env = environment(**hub.environment(), CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    done = run(command("-m", "gradsight", "run", str(path)), env=env, cwd=path.parent)
    assert done.returncode == 0, done.stderr
    assert "the training goes on" not in done.stderr, done.stderr
    hub.wait(lambda: hub.end)
    seen, losses = json.loads(done.stdout.splitlines()[-1])
    return seen, losses


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-4)


def check(hub: HubForTests, seen: Any, losses: Any, threshold: float) -> Any:
    """One series, and all of it is as the script saw it."""
    (series,) = hub.series.values()
    steps = hub.steps(series["id"])
    assert [step["step"] for step in steps] == list(range(len(seen)))
    assert [step["norm_post"] for step in steps] == near(seen)
    assert [min(step["norm_pre"], threshold) for step in steps] == near(seen)
    assert max(step["norm_pre"] for step in steps) > threshold
    assert {step["threshold"] for step in steps} == {threshold}
    assert [step["loss"] for step in steps] == near(losses)
    assert series["clip"]["function"] == "torch.nn.utils.clip_grad_norm_"
    assert Path(series["site"]["file"]).name == "train.py"
    return series


def site(hub: HubForTests, series: Any) -> str:
    """The text of the line where the update happens."""
    return Path(series["site"]["file"]).read_text().splitlines()[series["site"]["line"] - 1].strip()


LIGHTNING = """
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = network()
        def configure_optimizers(self):
            return Seen(self.parameters(), lr=0.01)
"""
QUIET = 'logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, accelerator="cpu"'


@pytest.mark.parametrize("accumulate", [1, 2])
def test_lightning(accumulate: int, script: Script, hub: HubForTests) -> None:
    pytest.importorskip("lightning", reason="Lightning is not installed")
    seen, losses = train(
        script,
        hub,
        f"""
    {LIGHTNING}
        def training_step(self, batch, index):
            loss = loss_of(self.model, batch)
            losses.append(loss.item())
            return loss

    trainer = lightning.Trainer({QUIET}, max_epochs=1, gradient_clip_val=0.5, accumulate_grad_batches={accumulate})
    trainer.fit(Module(), loader())
    tell()
    """,
    )
    means = [sum(losses[i : i + accumulate]) / accumulate for i in range(0, len(losses), accumulate)]
    series = check(hub, seen, means, 0.5)
    assert len(seen) == 8 / accumulate
    assert site(hub, series) == "trainer.fit(Module(), loader())"
    assert "model.0.weight" in next(iter(hub.layers(series["id"]).values()))


def test_lightning_with_manual_optimization(script: Script, hub: HubForTests) -> None:
    pytest.importorskip("lightning", reason="Lightning is not installed")
    seen, losses = train(
        script,
        hub,
        f"""
    {LIGHTNING}
        automatic_optimization = False
        def training_step(self, batch, index):
            optimizer = self.optimizers()
            optimizer.zero_grad()
            loss = loss_of(self.model, batch)
            losses.append(loss.item())
            self.manual_backward(loss)
            self.clip_gradients(optimizer, gradient_clip_val=0.5, gradient_clip_algorithm="norm")
            optimizer.step()

    trainer = lightning.Trainer({QUIET}, max_epochs=1)
    trainer.fit(Module(), loader())
    tell()
    """,
    )
    series = check(hub, seen, losses, 0.5)
    assert site(hub, series) == "optimizer.step()"


def test_fabric(script: Script, hub: HubForTests) -> None:
    pytest.importorskip("lightning", reason="Lightning is not installed")
    seen, losses = train(
        script,
        hub,
        """
    import lightning

    fabric = lightning.Fabric(accelerator="cpu")
    model = network()
    model, optimizer = fabric.setup(model, Seen(model.parameters(), lr=0.01))
    for batch in fabric.setup_dataloaders(loader()):
        optimizer.zero_grad()
        loss = loss_of(model, batch)
        losses.append(loss.item())
        fabric.backward(loss)
        fabric.clip_gradients(model, optimizer, max_norm=0.5)
        optimizer.step()
    tell()
    """,
    )
    series = check(hub, seen, losses, 0.5)
    assert site(hub, series) == "optimizer.step()"
    assert (
        "fabric.clip_gradients("
        in Path(series["clip"]["location"]["file"]).read_text().splitlines()[series["clip"]["location"]["line"] - 1]
    )


@pytest.mark.parametrize("accumulate", [1, 2])
def test_accelerate(accumulate: int, script: Script, hub: HubForTests) -> None:
    pytest.importorskip("accelerate", reason="Accelerate is not installed")
    seen, losses = train(
        script,
        hub,
        f"""
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True, gradient_accumulation_steps={accumulate})
    model = network()
    model, optimizer, batches = accelerator.prepare(model, Seen(model.parameters(), lr=0.01), loader())
    for batch in batches:
        with accelerator.accumulate(model):
            loss = loss_of(model, batch)
            losses.append(loss.item())
            accelerator.backward(loss)
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            optimizer.zero_grad()
    tell()
    """,
    )
    means = [sum(losses[i : i + accumulate]) / accumulate for i in range(0, len(losses), accumulate)]
    series = check(hub, seen, means, 0.5)
    assert len(seen) == 8 / accumulate
    assert site(hub, series) == "optimizer.step()"


TRAINER = """
    from transformers import Trainer, TrainingArguments

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = network()
        def forward(self, x):
            loss = loss_of(self.net, x)
            losses.append(loss.item())
            return {"loss": loss}

    model = Model()
    arguments = TrainingArguments(
        output_dir="out", per_device_train_batch_size=8, max_steps=4, use_cpu=True, report_to=[], save_strategy="no",
        disable_tqdm=True, logging_strategy="no", dataloader_pin_memory=False, LIMITS
    )
    optimizer = Seen(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    collate = lambda items: {"x": torch.stack(items)}
    trainer = Trainer(model, arguments, collate, Data(), optimizers=(optimizer, schedule))
    trainer.train()
    tell()
"""


@pytest.mark.parametrize("accumulate", [1, 2])
def test_hugging_face_trainer(accumulate: int, script: Script, hub: HubForTests) -> None:
    pytest.importorskip("transformers", reason="Transformers is not installed")
    limits = f"max_grad_norm=0.5, gradient_accumulation_steps={accumulate}"
    seen, losses = train(script, hub, TRAINER.replace("LIMITS", limits))
    means = [sum(losses[i : i + accumulate]) / accumulate for i in range(0, len(losses), accumulate)]
    series = check(hub, seen, means, 0.5)
    assert len(seen) == 4
    assert site(hub, series) == "trainer.train()"
    assert "net.0.weight" in next(iter(hub.layers(series["id"]).values()))


def test_a_trainer_that_only_measures(script: Script, hub: HubForTests) -> None:
    pytest.importorskip("transformers", reason="Transformers is not installed")
    seen, _ = train(script, hub, TRAINER.replace("LIMITS", "max_grad_norm=float('inf')"))
    (series,) = hub.series.values()
    steps = hub.steps(series["id"])
    assert [step["norm_pre"] for step in steps] == near(seen)
    assert all("threshold" not in step and "norm_post" not in step for step in steps)
    assert series["clip"] is None
