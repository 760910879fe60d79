"""SIGTERM ends a recorded process as it ends any other, and the run says so."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import command, environment
from gradsight import _spill
from testing_hub import HubForTests

Script = Callable[..., Path]

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signals")

AWAY = """
    import ctypes, gradsight
    gradsight.log(0, loss=1)
    libc, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(256)
    print("away", flush=True)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)  # its own, for ever
"""


def started(path: Path, hub: HubForTests) -> Any:
    process = subprocess.Popen(
        command("-m", "gradsight", "run", str(path)),
        env=environment(**hub.environment()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline()
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ends_what_does_not_come_back_to_python(number: signal.Signals, script: Script, hub: HubForTests) -> None:
    """As a rank that waits for others: Python would never call a handler there."""
    process = started(script(AWAY), hub)
    process.send_signal(number)
    assert process.wait(30) == -number
    end = hub.wait(lambda: hub.end)
    assert (end["status"], end["exitCode"], end["error"]) == ("interrupted", 128 + number, f"ended by {number.name}")
    assert [step["step"] for step in hub.steps("train")] == [0]


def test_a_handler_of_the_script_s_own_is_left_alone(script: Script, hub: HubForTests) -> None:
    path = script(
        """
        import signal, time
        signal.signal(signal.SIGTERM, lambda *_: print("not now", flush=True))
        print("there", flush=True)
        for _ in range(25):
            time.sleep(0.1)
        """
    )
    process = started(path, hub)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert process.stdout.read() == "not now\n"
    assert hub.wait(lambda: hub.end)["status"] == "finished"


@pytest.mark.parametrize(
    "ending, code, status",
    [("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, "interrupted"), ("os._exit(3)", 3, "failed")],
)
def test_a_device_that_hangs_holds_nothing_up(ending: str, code: int, status: str, script: Script, hub: HubForTests) -> None:
    path = script(
        f"""
        import gradsight, os, signal, time
        gradsight.log(0, loss=1)
        gradsight._process.current().before_close(lambda: time.sleep(100))  # as reading from one does
        print("in", flush=True)
        {ending}
        """
    )
    process = started(path, hub)
    assert process.wait(30) == code
    assert hub.wait(lambda: hub.end)["status"] == status


def test_a_second_signal_lets_the_first_finish(script: Script, tmp_path: Path) -> None:
    """A launcher sends one, and the terminal or the scheduler another, while what is left is being kept."""
    (tmp_path / "storage").mkdir()
    hub = HubForTests(tmp_path / "storage", acknowledges=False).start()
    path = script("import gradsight, time\ngradsight.log(0, loss=1)\nprint('in', flush=True)\ntime.sleep(100)\n")
    process = started(path, hub)
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            pass
    assert process.wait(30) == -signal.SIGTERM
    hub.stop()
    (file,) = hub.spill.glob("*")
    *_, last = _spill.read(str(file))
    assert json.loads(last.payload)["type"] == "end"
