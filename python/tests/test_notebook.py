"""``%load_ext gradsight`` in a real kernel."""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path
from typing import Any, List

import pytest
from conftest import PACKAGE
from testing_crowd import Crowd
from testing_hub import HubForTests

pytest.importorskip("ipykernel", reason="ipykernel is not installed")
pytest.importorskip("torch", reason="PyTorch is not installed")
KernelManager: Any = pytest.importorskip("jupyter_client", reason="jupyter_client is not installed").KernelManager

SETUP = """
%load_ext gradsight
import time, torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
def train(steps, pause=0.0):
    for _ in range(steps):
        optimizer.zero_grad()
        (weight ** 2).sum().backward()
        optimizer.step()
        time.sleep(pause)
"""


def runs(crowd: Crowd) -> List[HubForTests]:
    return list(crowd.attempts.values())


def test_cells_are_runs(crowd: Crowd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PACKAGE))
    monkeypatch.setenv("GRADSIGHT_RENDEZVOUS", str(crowd.rendezvous))
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "train.ipynb"))
    manager = KernelManager()
    manager.start_kernel(cwd=str(tmp_path))
    try:
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=120)

        def cell(text: str) -> str:
            return str(client.execute_interactive(text, timeout=240, output_hook=lambda message: None)["content"]["status"])

        def interrupt_once_it_trains() -> None:
            crowd.wait(lambda: len(crowd.attempts) == 3 and runs(crowd)[2].steps("optimizer"))
            manager.interrupt_kernel()

        assert cell(SETUP) == "ok"
        assert cell("train(3)") == "ok"
        assert cell("1 + 1") == "ok"  # trains nothing: no run
        assert cell("train(3)") == "ok"
        interrupter = threading.Thread(target=interrupt_once_it_trains)
        interrupter.start()
        assert cell("train(10_000, pause=0.02)") == "error"
        interrupter.join()
        assert cell("train(2); 1 / 0") == "error"
        assert [hub.end and hub.end["status"] for hub in runs(crowd)] == ["finished", "finished", "interrupted", "failed"]
        client.execute("train(10_000, pause=0.02)")
        crowd.wait(lambda: len(crowd.attempts) == 5 and runs(crowd)[4].steps("optimizer"))
        manager.restart_kernel(now=False)
        client.wait_for_ready(timeout=120)
        crowd.wait(lambda: runs(crowd)[4].end)
        assert cell(SETUP) == "ok"
        assert cell("train(1)") == "ok"
    finally:
        manager.shutdown_kernel(now=True)
    assert [len(hub.steps("optimizer")) for hub in runs(crowd)[:2]] == [3, 3]
    first = runs(crowd)[0]
    setup, train = (hashlib.sha256(cell.encode()).hexdigest() for cell in (SETUP.rstrip("\n"), "train(3)"))
    step = SETUP.split("\n").index("        optimizer.step()") + 1
    assert first.series["optimizer"]["site"] == {"file": str(tmp_path / "train.ipynb"), "line": step, "cell": setup}
    assert first.hellos[0]["run"]["code"]["cells"] == [setup, train]
    assert len(runs(crowd)[3].steps("optimizer")) == 2
    assert "ZeroDivisionError" in runs(crowd)[3].end["error"]  # type: ignore[index]
    assert len({hub.hellos[0]["run"]["id"] for hub in runs(crowd)}) == len(crowd.attempts) == 6
    assert time.time() - runs(crowd)[5].hellos[0]["run"]["startedAt"] < 600
