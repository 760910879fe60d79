"""The quick fix, applied by the real command line to a script without clipping, does what it says when that runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Callable, List, Tuple

import pytest
from conftest import NODE, ROOT, environment, run
from testing_warm import Warm

Script = Callable[..., Path]
CLI = ROOT / "dist" / "cli.mjs"

TRAINING = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.LSTM(4, 8)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for factor in (1e-3, 1e3, 1.0):
        output, _ = model(torch.ones(5, 2, 4))
        loss = factor * output.pow(2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""

# Runs a script and writes down the global norm of .grad as each step() sees it.
OBSERVER = """
    import json, runpy, sys
    import torch
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    def norm(optimizer):
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"]]
        return torch.nn.utils.get_total_norm(gradients).item() if hasattr(torch.nn.utils, "get_total_norm") else (
            sum(float((g.double() ** 2).sum()) for g in gradients) ** 0.5)

    seen = []
    register_optimizer_step_pre_hook(lambda optimizer, args, kwargs: seen.append(norm(optimizer)))
    runpy.run_path(sys.argv[1], run_name="__main__")
    print(json.dumps(seen))
"""


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    assert CLI.exists(), "the command line is not built: npm run build"


def norms_at_step(warm: Warm, script: Script, path: Path) -> List[float]:
    done = warm.run([str(script(OBSERVER, "observe.py")), str(path)], environment())
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def fix(path: Path) -> Tuple[int, str]:
    done = run([str(NODE), str(CLI), "lint", "--fix", "--unsafe-fixes", str(path)])
    return done.returncode, done.stdout + done.stderr


def test_the_fixed_script_clips_what_the_optimizer_sees(script: Script, warm: Warm) -> None:
    path = script(TRAINING)
    small, large, usual = norms_at_step(warm, script, path)
    exit_code, said = fix(path)
    assert exit_code == 0, said
    text = path.read_text()
    found = re.search(r"clip_grad_norm_\(.*?([\d.]+)\)\s*$", text, re.M)
    assert found, text
    threshold = float(found[1])
    assert small < threshold < large
    clipped = norms_at_step(warm, script, path)
    assert max(clipped) <= threshold * (1 + 1e-6)
    assert clipped[0] == small  # an already small gradient is untouched
    assert clipped[1] == pytest.approx(threshold, rel=1e-4)


def test_nothing_is_left_to_fix(script: Script) -> None:
    path = script(TRAINING)
    fix(path)
    once = path.read_text()
    exit_code, said = fix(path)
    assert exit_code == 0, said
    assert path.read_text() == once
