from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest
from testing_crowd import Crowd
from testing_hub import HubForTests
from testing_warm import Warm

# What the flight recorder leaves behind in tests that don't look at it.
STATE = tempfile.TemporaryDirectory(prefix="gradsight-state-")
os.environ["GRADSIGHT_STATE"] = STATE.name

# A shell ignores interrupts for what it runs in the background, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)

PACKAGE = Path(__file__).parent.parent
ROOT = PACKAGE.parent

NODE = ROOT / "node_modules" / ".bin" / ("node.cmd" if os.name == "nt" else "node")


@pytest.fixture(scope="session", autouse=True)
def vendored() -> None:
    """The probe is tested with the client library that it brings along."""
    if not (PACKAGE / "gradsight" / "_vendor" / "websockets" / "VENDORED").exists():
        subprocess.run([str(NODE), str(ROOT / "scripts" / "vendor.mjs")], check=True)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubForTests]:
    (tmp_path / "storage").mkdir()
    hub = HubForTests(tmp_path / "storage").start()
    yield hub
    hub.stop()


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Crowd]:
    (tmp_path / "storage").mkdir()
    crowd = Crowd(tmp_path / "storage")
    crowd.start()
    yield crowd
    crowd.stop()


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    warm = Warm()
    yield warm
    warm.close()


def environment(**more: str) -> Dict[str, str]:
    """As in a terminal: without anything of ours, but with the package in the path."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GRADSIGHT_")}
    return {**kept, "PYTHONPATH": str(PACKAGE), "GRADSIGHT_STATE": STATE.name, **more}


def command(*arguments: str) -> List[str]:
    return [sys.executable, *arguments]


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a script, whose text may be indented."""
    import textwrap

    def write(text: str, name: str = "train.py") -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return write


def run(arguments: List[str], **options: Any) -> "subprocess.CompletedProcess[str]":
    options.setdefault("env", environment())
    options.setdefault("cwd", tempfile.gettempdir())  # not this checkout, whose package it would find
    options.setdefault("timeout", 300)  # the frameworks take long to load on a busy machine
    return subprocess.run(arguments, capture_output=True, text=True, **options)


@pytest.fixture
def recording(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """A recording of what this test trains. A part of the probe that stops in a test fails it, and none after it."""
    from recording import Recording

    recording = Recording(tmp_path)
    yield recording
    recording.end()
    told = capfd.readouterr().err
    if "gradsight: " in told:
        recording.revive()
        pytest.fail(told)
