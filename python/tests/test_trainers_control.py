"""A run that allows control, in what rides on PyTorch."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from conftest import command, environment
from testing_hub import HubForTests

Script = Callable[..., Path]

TORCH = """
    import json, os, sys, time, warnings
    import torch
    from torch import nn

    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    seen = []

    class Seen(torch.optim.SGD):
        '''Remembers the norms of the gradients that it uses; slow enough to be changed meanwhile.'''
        def step(self, closure=None):
            loss = closure() if closure is not None else None
            parameters = [parameter for group in self.param_groups for parameter in group["params"]]
            seen.append(float(torch.linalg.vector_norm(torch.cat([p.grad.flatten() for p in parameters]))))
            super().step()
            if os.path.exists("done"):
                with open("seen.json", "w") as out:
                    json.dump(seen, out)
                sys.exit()
            time.sleep(0.02)
            return loss

    class Data(torch.utils.data.Dataset):
        def __len__(self):
            return 8
        def __getitem__(self, index):
            return torch.ones(6)

    def loss_of(model, x):
        return (1000 - model(x)).abs().mean()
"""
LIGHTNING = (
    TORCH
    + """
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = nn.Linear(6, 1)
        def configure_optimizers(self):
            return Seen(self.parameters(), lr=0.001)
        def training_step(self, batch, index):
            return loss_of(self.model, batch)

    quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
    trainer = lightning.Trainer(**quiet, accelerator="cpu", max_epochs=10**6, gradient_clip_val=0.5)
    trainer.fit(Module(), torch.utils.data.DataLoader(Data(), batch_size=8))
"""
)
TRANSFORMERS = (
    TORCH
    + """
    from transformers import Trainer, TrainingArguments

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(6, 1)
        def forward(self, x):
            return {"loss": loss_of(self.net, x)}

    model = Model()
    optimizer = Seen(model.parameters(), lr=0.001)
    arguments = TrainingArguments(
        output_dir="out", max_steps=10**6, use_cpu=True, report_to=[], save_strategy="no", disable_tqdm=True,
        logging_strategy="no", dataloader_pin_memory=False, max_grad_norm=0.5
    )
    schedule = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    Trainer(model, arguments, lambda items: {"x": torch.stack(items)}, Data(), optimizers=(optimizer, schedule)).train()
"""
)


def started(text: str, script: Script, hub: HubForTests, **env: str) -> "subprocess.Popen[bytes]":
    path = script(text)
    more = environment(**hub.environment(), CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1", TF_CPP_MIN_LOG_LEVEL="3", **env)
    return subprocess.Popen(command("-m", "gradsight", "run", "--allow-control", str(path)), env=more, cwd=path.parent)


def asked(hub: HubForTests) -> Dict[str, Any]:
    """The answer to another threshold for the one series, once its clip has been seen."""
    (series,) = hub.wait(lambda: [id for id, each in hub.series.items() if each["clip"]])
    hub.ask(id=1, series=series, threshold=0.1)
    return hub.wait_for_answer(1)


@pytest.mark.parametrize("framework, text", [("lightning", LIGHTNING), ("transformers", TRANSFORMERS)])
def test_trainers_on_pytorch_clip_as_the_user_says(
    framework: str, text: str, script: Script, hub: HubForTests, tmp_path: Path
) -> None:
    pytest.importorskip(framework)
    process = started(text, script, hub)
    try:
        answer = asked(hub)
        assert answer["err"] is None
        (override,) = answer["control"]["overrides"]
        hub.wait_for_steps(override["series"], override["since"] + 2)
    finally:
        (tmp_path / "done").touch()
        assert process.wait(120) == 0
    seen = json.loads((tmp_path / "seen.json").read_text())
    since = override["since"]
    assert 0 < since < len(seen)
    assert seen == pytest.approx([0.5] * since + [0.1] * (len(seen) - since), rel=1e-4)
