"""Epochs and checkpoints of trainers that ride on PyTorch, in unchanged scripts: each once, at the step where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, List

import pytest
from test_trainers import LIGHTNING, QUIET, TRAINER, train
from testing_hub import HubForTests

Script = Callable[..., Path]


def epochs(hub: HubForTests, series: str) -> Any:
    """Number by step."""
    found = [event for event in hub.events if event["kind"] == "epoch" and event["series"] == series]
    assert [event["message"] for event in found] == [f"Epoch {event['data']['epoch']:g} begins." for event in found]
    return [(event["step"], event["data"]["epoch"]) for event in found]


def checkpoints(hub: HubForTests, series: str) -> List[Any]:
    """Step and the name of each."""
    found = [event for event in hub.events if event["kind"] == "checkpoint" and event["series"] == series]
    return [(event["step"], Path(event["data"]["path"]).name) for event in found]


def only_series(hub: HubForTests) -> str:
    (series,) = hub.series
    return series


def test_lightning(script: Script, hub: HubForTests) -> None:
    pytest.importorskip("lightning", reason="Lightning is not installed")
    quiet = QUIET.replace("enable_checkpointing=False, ", "")
    train(
        script,
        hub,
        f"""
    {LIGHTNING}
        def training_step(self, batch, index):
            return loss_of(self.model, batch)
        def validation_step(self, batch, index):
            self.log("loss", loss_of(self.model, batch))

    from lightning.pytorch.callbacks import ModelCheckpoint
    keeps = ModelCheckpoint("kept", filename="{{epoch}}", save_top_k=-1)
    trainer = lightning.Trainer({quiet}, max_epochs=3, accumulate_grad_batches=2, callbacks=[keeps])
    trainer.fit(Module(), loader(), loader())
    trainer.save_checkpoint("last.ckpt")
    tell()
    """,
    )
    series = only_series(hub)
    assert epochs(hub, series) == [(0, 0), (4, 1), (8, 2)]
    kept = [(3, "epoch=0.ckpt"), (7, "epoch=1.ckpt"), (11, "epoch=2.ckpt")]
    assert checkpoints(hub, series) == [*kept, (11, "last.ckpt")]


def test_lightning_with_two_optimizers(script: Script, hub: HubForTests) -> None:
    pytest.importorskip("lightning", reason="Lightning is not installed")
    train(
        script,
        hub,
        f"""
    import lightning

    class Module(lightning.LightningModule):
        automatic_optimization = False
        def __init__(self):
            super().__init__()
            self.one, self.two = network(), network()
        def configure_optimizers(self):
            return [torch.optim.SGD(part.parameters(), lr=0.01) for part in (self.one, self.two)]
        def training_step(self, batch, index):
            for place, optimizer in enumerate(self.optimizers()):
                if place == 0 or index % 2:
                    optimizer.zero_grad()
                    self.manual_backward(loss_of((self.one, self.two)[place], batch))
                    optimizer.step()

    trainer = lightning.Trainer({QUIET}, max_epochs=2)
    trainer.fit(Module(), loader())
    tell()
    """,
    )
    assert [epochs(hub, series) for series in hub.series] == [[(0, 0), (8, 1)], [(0, 0), (4, 1)]]


def test_fabric(script: Script, hub: HubForTests) -> None:
    pytest.importorskip("lightning", reason="Lightning is not installed")
    train(
        script,
        hub,
        """
    import lightning

    fabric = lightning.Fabric(accelerator="cpu")
    model = network()
    model, optimizer = fabric.setup(model, Seen(model.parameters(), lr=0.01))
    for batch in fabric.setup_dataloaders(loader()):
        optimizer.zero_grad()
        fabric.backward(loss_of(model, batch))
        optimizer.step()
    fabric.save("state.ckpt", {"model": model, "optimizer": optimizer, "step": 8})
    tell()
    """,
    )
    assert checkpoints(hub, only_series(hub)) == [(7, "state.ckpt")]


def test_hugging_face_trainer(script: Script, hub: HubForTests) -> None:
    pytest.importorskip("transformers", reason="Transformers is not installed")
    limits = "num_train_epochs=2, gradient_accumulation_steps=2, save_steps=3"
    text = TRAINER.replace("max_steps=4, ", "").replace('save_strategy="no"', 'save_strategy="steps"')
    train(
        script,
        hub,
        text.replace("LIMITS", limits).replace("trainer.train()", "trainer.train()\n    trainer.save_model('model')"),
    )
    series = only_series(hub)
    assert epochs(hub, series) == [(0, 0), (4, 1)]
    named = [(2, "checkpoint-3"), (5, "checkpoint-6"), (7, "checkpoint-8"), (7, "model")]
    assert checkpoints(hub, series) == named


def test_hugging_face_trainer_that_goes_on_in_the_middle_of_an_epoch(script: Script, hub: HubForTests) -> None:
    pytest.importorskip("transformers", reason="Transformers is not installed")
    text = TRAINER.replace("max_steps=4, ", "").replace('save_strategy="no"', 'save_strategy="steps"')
    text = text.replace("LIMITS", "num_train_epochs=STOP, save_steps=3").replace("Seen(", "torch.optim.Adam(")
    again = """
    trainer.args.num_train_epochs = 2
    trainer.train(resume_from_checkpoint="out/checkpoint-3")
    """
    train(script, hub, text.replace("STOP", "1").replace("    tell()", again + "\n    tell()"))
    # The optimizer counts on; the first epoch, whose last five updates it makes again, does not begin anew.
    assert epochs(hub, only_series(hub)) == [(0, 0), (13, 1)]


@pytest.mark.parametrize("safe", [True, False])
def test_accelerate(safe: bool, script: Script, hub: HubForTests) -> None:
    pytest.importorskip("accelerate", reason="Accelerate is not installed")
    train(
        script,
        hub,
        f"""
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    model = network()
    model, optimizer, batches = accelerator.prepare(model, Seen(model.parameters(), lr=0.01), loader())
    for batch in batches:
        optimizer.zero_grad()
        accelerator.backward(loss_of(model, batch))
        optimizer.step()
    accelerator.save_state("state", safe_serialization={safe})
    accelerator.save_model(model, "weights", safe_serialization={safe})
    tell()
    """,
    )
    assert checkpoints(hub, only_series(hub)) == [(7, "state"), (7, "weights")]
