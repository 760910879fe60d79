"""The probe changes nothing: a training ends with the very same bits, and imports no framework for its own sake."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Callable

import pytest
from conftest import ROOT, command, environment, run
from testing_hub import HubForTests
from testing_warm import Warm

Script = Callable[..., Path]

TRAINING = """
    import hashlib
    import torch
    from torch import nn
    from torch.nn.utils import clip_grad_norm_, clip_grad_value_

    torch.set_num_threads(1)
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(5, 16), nn.Dropout(0.3), nn.ReLU(), nn.Linear(16, 1))
    head = nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    other = torch.optim.SGD(head.parameters(), lr=1e-2, momentum=0.9)
    lbfgs = torch.optim.LBFGS(head.parameters(), max_iter=3)
    scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
    for step in range(40):
        inputs = torch.randn(8, 5)
        loss = (head(model(inputs)) - inputs.sum(1, keepdim=True)).pow(2).mean()
        scaler.scale(loss).backward()
        if step == 20:
            model[0].weight.grad[0, 0] = float("inf")
        if step % 2:
            scaler.unscale_(optimizer)
            clip_grad_norm_(model.parameters(), 0.5)
            clip_grad_value_(head.parameters(), 0.1)
            scaler.step(optimizer)
            other.step()
            scaler.update()
            optimizer.zero_grad()
            other.zero_grad()
    def closure():
        lbfgs.zero_grad()
        loss = (head(torch.ones(4, 1)) - 2).pow(2).mean()
        loss.backward()
        return loss
    lbfgs.step(closure)
    state = [*model.parameters(), *head.parameters(), torch.get_rng_state()]
    state += [value for entry in optimizer.state.values() for value in entry.values()]
    print(hashlib.sha256(b"".join(t.detach().numpy().tobytes() for t in state)).hexdigest(), scaler.get_scale())
"""


@pytest.fixture(scope="module")
def bare(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the training prints without the probe."""
    path = tmp_path_factory.mktemp("bare") / "train.py"
    path.write_text(textwrap.dedent(TRAINING))
    done = warm.run([str(path)], environment())
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_training_ends_with_the_same_bits(script: Script, hub: HubForTests, bare: str) -> None:
    path = script(TRAINING)
    probed = run(command("-m", "gradsight", "run", str(path)), env=environment(**hub.environment()))
    assert (probed.returncode, probed.stdout, probed.stderr) == (0, bare, "")
    hub.wait(lambda: hub.end)
    assert len(hub.steps("optimizer")) == 20
    assert len(hub.steps("other")) == 20
    assert len(hub.steps("lbfgs")) == 1
    assert hub.hellos[-1]["run"]["framework"] == "torch"


def test_imports_no_framework_by_itself(script: Script, hub: HubForTests) -> None:
    path = script("import sys, gradsight\ngradsight.log(0, loss=1)\nprint({'torch', 'numpy'} & set(sys.modules))")
    done = run(command("-m", "gradsight", "run", str(path)), env=environment(**hub.environment()))
    assert done.stdout == "set()\n"


def test_watch_after_the_framework_was_imported(script: Script, hub: HubForTests, bare: str, warm: Warm) -> None:
    path = script(TRAINING.replace("torch.manual_seed(3)", "import gradsight; gradsight.watch(); torch.manual_seed(3)"))
    watched = warm.run([str(path)], environment(**hub.environment()))
    assert (watched.returncode, watched.stdout, watched.stderr) == (0, bare, "")
    assert len(hub.wait_for_steps("optimizer", 20)) == 20
    assert hub.series["optimizer"]["clip"]["location"]["file"] == str(path)


@pytest.mark.parametrize("example", ["train_pytorch.py", "train_amp.py", "train_gan.py", "train_plain_python.py"])
def test_examples_train_and_are_seen(example: str, hub: HubForTests, warm: Warm) -> None:
    arguments = ["-m", "gradsight", "run", str(ROOT / "examples" / example), "--steps", "12"]
    env = environment(**hub.environment())
    fresh = example in ("train_pytorch.py", "train_plain_python.py")
    done = run(command(*arguments), env=env) if fresh else warm.run(arguments, env)
    assert (done.returncode, done.stderr) == (0, "")
    hub.wait(lambda: hub.end)
    assert hub.series
    for series in hub.series:
        steps = hub.steps(series)
        assert len(steps) == 12
        assert all(step["norm_pre"] > 0 and "loss" in step for step in steps)


def test_two_seeds_are_two_trainings(hub: HubForTests) -> None:
    norms = []
    for seed in ("1", "2"):
        arguments = [str(ROOT / "examples" / "train_plain_python.py"), "--steps", "5", "--seed", seed]
        run(command("-m", "gradsight", "run", *arguments), env=environment(**hub.environment()))
        hub.wait(lambda: hub.end)
        norms.append([step["norm_pre"] for step in hub.steps("train")])
        hub.received.clear()
    assert norms[0] != norms[1]
