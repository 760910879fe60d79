"""The flight recorder: the last steps of a run that went wrong survive it, whoever listens and however it ends."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import pytest
from conftest import command, environment, run
from gradsight import _flight_file, _flights, _state
from gradsight._flight import FlightRecorder
from gradsight._flight_file import FlightFile
from gradsight._flights import EXPLOSION, INCIDENT, LAST, NONFINITE, Flight
from gradsight._frame import decode_frame, encode_frame
from gradsight._scalars import LOSS, NORM_PRE, SCALARS, SKIPPED
from gradsight._series import FLIGHT_STEPS, Row, Series, encode_rows
from gradsight._spill import FRAME, JSON, Record
from testing_hub import HubForTests

Script = Callable[..., Path]


def row(step: int, norm: Optional[float], loss: Optional[float] = 1.0, flags: int = 0) -> Row:
    values: List[Optional[float]] = [None] * len(SCALARS)
    values[NORM_PRE], values[LOSS] = norm, loss
    return Row(step, 1000.0 + step, values, flags)


class OnCpu:
    """As much of a tensor as is read."""

    class device:  # noqa: N801
        type = "cpu"

    def __init__(self, *numbers: float) -> None:
        self._numbers = numbers

    def tolist(self) -> List[float]:
        return list(self._numbers)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADSIGHT_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def recorder(series: Series) -> FlightRecorder:
    def describe() -> Dict[str, Any]:
        run = {"id": "run-1", "name": "train.py"}
        return {"type": "hello", "run": run, "rank": 0, "worldSize": 1, "series": [series.description()]}

    return FlightRecorder("run-1-0-a", describe)


def read() -> Flight:
    (path,) = _flights.paths(_state.flights())
    return _flights.load(path)


def failed(error: str = "x") -> Dict[str, Any]:
    return {"status": "failed", "error": error, "exit_code": 1}


FINISHED = {"status": "finished", "error": None, "exit_code": 0}


def test_keeps_the_last_steps_and_their_layers(state: Path) -> None:
    from gradsight._series import LayerNorms

    series = Series("s", "s", None, None)
    flight = recorder(series)
    table = series.add_layers(["a", "b"])
    for step in range(200):
        series.norms.append(LayerNorms(step, table, OnCpu(step, 2 * step), 0.5))
        flight.take(series, [row(step, float(step))])
    flight.finish(failed())
    found = read()
    assert found.outcome == failed() and found.incident is None and not found.running
    steps = found.steps[LAST, "s"]
    assert [step.number for step in steps] == list(range(200 - FLIGHT_STEPS, 200))
    assert [step.scalars["norm_pre"] for step in steps] == [float(step.number) for step in steps]
    assert steps[-1].layers == {"a": 99.5, "b": 199.0}
    assert all(step.layers for step in steps)


def test_keeps_what_led_to_the_first_bad_step_however_long_it_goes_on(state: Path) -> None:
    series = Series("s", "s", None, None)
    flight = recorder(series)
    flight.take(series, [row(step, 1.0) for step in range(100)])
    flight.take(series, [row(step, math.nan) for step in range(100, 1000)])
    flight.take(series, [row(1000, 1.0, loss=math.inf)])
    flight.finish(FINISHED)
    found = read()
    assert found.incident is not None
    assert (found.incident["kind"], found.incident["step"]) == (NONFINITE, 100)
    assert [step.number for step in found.steps[INCIDENT, "s"]] == list(range(51, 101))
    assert found.steps[LAST, "s"][-1].number == 1000


def test_a_step_that_the_scaler_skipped_is_routine(state: Path) -> None:
    series = Series("s", "s", None, None)
    flight = recorder(series)
    flight.take(series, [row(0, math.inf, flags=SKIPPED), row(1, 1.0)])
    flight.save()
    assert len(_flights.paths(_state.flights())) == 1
    flight.finish(FINISHED)
    assert not _flights.paths(_state.flights())


@pytest.mark.parametrize("running, expected", [(4, None), (5, EXPLOSION)])
def test_an_explosion_is_more_than_a_spike(state: Path, running: int, expected: Optional[str]) -> None:
    series = Series("s", "s", None, None)
    flight = recorder(series)
    flight.take(series, [row(step, 1.0) for step in range(30)])
    flight.take(series, [row(30 + step, 101.0) for step in range(running)])
    flight.take(series, [row(40, 1.0)])
    incident = flight.incident
    assert (incident and incident.kind) == expected
    if incident is not None:
        assert incident.step == 34
        flight.take(series, [row(41, math.nan)])
        assert flight.incident is not None and flight.incident.kind == NONFINITE


def test_an_explosion_between_many_skipped_steps(state: Path) -> None:
    series = Series("s", "s", None, None)
    flight = recorder(series)
    flight.take(series, [row(step, 1.0) for step in range(30)])
    for step in range(30, 35):
        flight.take(series, [row(step, 101.0)])
        flight.take(series, [row(step, math.inf, flags=SKIPPED) for _ in range(FLIGHT_STEPS // 2 if step < 34 else 0)])
    assert flight.incident is not None
    assert (flight.incident.kind, flight.incident.step) == (EXPLOSION, 34)
    assert flight.incident.began <= 34


@pytest.mark.parametrize("level, expected", [(0.2, None), (2.0, EXPLOSION)])
def test_a_fall_back_to_the_first_norms_is_no_explosion(state: Path, level: float, expected: Optional[str]) -> None:
    series = Series("s", "s", None, None)
    flight = recorder(series)
    flight.take(series, [row(step, 0.1) for step in range(100)])
    flight.take(series, [row(100 + step, 1e-5) for step in range(100)])
    flight.take(series, [row(200 + step, level) for step in range(20)])
    assert (flight.incident and flight.incident.kind) == expected


def test_a_run_that_ends_well_leaves_nothing(state: Path) -> None:
    series = Series("s", "s", None, None)
    flight = recorder(series)
    flight.take(series, [row(0, 1.0)])
    flight.save()
    assert read().steps
    flight.finish(FINISHED)
    assert list(state.rglob("*.gsflight")) == []


def test_a_snapshot_that_is_torn_leaves_the_one_before_it(tmp_path: Path) -> None:
    file = FlightFile(str(tmp_path / "flights" / "a.gsflight"))
    snapshots = [[Record(JSON, b"x" * size), Record(FRAME, b"y" * 10)] for size in (100, 5000, 200, 200, 7000, 1)]
    path = Path(file.path)
    for number, snapshot in enumerate(snapshots):
        before = path.read_bytes()
        file.write(snapshot)
        after = path.read_bytes()
        assert _flight_file.read(file.path) == snapshot
        if number == 0:
            continue
        body = 2 * _flight_file._HEAD.size
        for cut in range(0, body, 7):  # the new snapshot is written, its head only in part
            path.write_bytes(after[:cut] + before[cut:body] + after[body:])
            assert _flight_file.read(file.path) in (snapshots[number - 1], snapshot)
        path.write_bytes(after)
    assert path.stat().st_size < 3 * 8000
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_no_recording_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "x.gsflight"
    file = FlightFile(str(path))
    file.write([Record(JSON, b'{"type":"flight"}')])
    whole = path.read_bytes()
    for content in (b"", b"\0" * 200, whole[:20], whole[:-1], os.urandom(300), whole):
        path.write_bytes(content)
        with pytest.raises(ValueError):
            _flights.load(str(path))


def test_frames_come_back_as_they_were() -> None:
    columns = encode_rows([row(0, math.nan), row(1, None)])
    metadata, decoded = decode_frame(encode_frame(columns, {"series": "勾配"}))
    assert (metadata, decoded) == ({"series": "勾配"}, columns)
    for frame in (b"", b"\1", (9).to_bytes(8, "little") + b'{"a":[1]}', (4).to_bytes(8, "little") + b"null"):
        with pytest.raises(ValueError):
            decode_frame(frame)


def test_old_recordings_go_but_not_those_of_running_processes(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_flights, "KEPT_FILES", 3)
    folder = Path(_state.flights())
    holder = subprocess.Popen(
        command(
            "-c",
            "import sys; from gradsight._flight_file import FlightFile;"
            f" file = FlightFile({str(folder / 'held.gsflight')!r}); print('held', flush=True); sys.stdin.read()",
        ),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout and holder.stdout.readline()
    os.utime(folder / "held.gsflight", (1, 1))
    for number in range(5):
        (folder / f"{number}.gsflight").write_bytes(b"x")
        os.utime(folder / f"{number}.gsflight", (time.time() - 100 + number, time.time() - 100 + number))
    (folder / "another.txt").write_text("not ours")
    _flights.clean_up(str(folder))
    assert {path.name for path in folder.iterdir()} == {
        "2.gsflight", "3.gsflight", "4.gsflight", "held.gsflight", "another.txt",
    }  # fmt: skip
    holder.communicate(timeout=60)
    _flights.clean_up(str(folder))
    assert not (folder / "held.gsflight").exists()


LOOP = """
    import gradsight, math, os, signal, sys
    for step in range(90):
        gradsight.log(step, norm=math.nan if step == int(sys.argv[1]) else 1.0, loss=0.5)
"""
NEVER = "-1"
KILL_ONCE_SAVED = """
    import time
    session = gradsight._process.current()
    while session._series[0].held or session._flight._changed:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def flown(script: Script, text: str, state: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    path = script(LOOP + text)
    env = environment(GRADSIGHT_STATE=str(state), **variables)
    return run(command("-m", "gradsight", "run", str(path), *arguments), env=env)


@pytest.mark.parametrize(
    "text, status",
    [
        ("    1 / 0", "failed"),
        ("    sys.exit('no data')", "failed"),
        ("    os.kill(os.getpid(), signal.SIGTERM)", "interrupted"),
        (KILL_ONCE_SAVED, None),
    ],
    ids=["exception", "exit", "SIGTERM", "SIGKILL"],
)
def test_a_bad_end_leaves_the_last_steps(text: str, status: Optional[str], script: Script, state: Path) -> None:
    done = flown(script, text, state, NEVER)
    assert done.returncode != 0
    found = read()
    assert (found.outcome and found.outcome["status"]) == status
    assert not found.running
    assert [step.number for step in found.steps[LAST, "train"]] == list(range(40, 90))


def test_the_last_half_second_at_most_is_lost_to_a_kill(script: Script, state: Path) -> None:
    path = script(
        """
        import gradsight, time
        for step in range(10_000):
            gradsight.log(step, norm=1.0)
            print(time.time(), flush=True)
            time.sleep(0.005)
        """
    )
    env = environment(GRADSIGHT_STATE=str(state))
    training = subprocess.Popen(command(str(path)), env=env, stdout=subprocess.PIPE, text=True)
    assert training.stdout
    lines = [training.stdout.readline() for _ in range(300)]
    training.send_signal(signal.SIGKILL)
    lines += training.stdout.readlines()
    training.wait()
    lost = float(lines[-1]) - read().steps[LAST, "train"][-1].time
    assert lost < 2.5  # half a second, and what a busy machine adds


def test_it_flies_with_an_editor_too_and_after_that_refused(script: Script, hub: HubForTests, state: Path) -> None:
    done = flown(script, "", state, "70", **hub.environment())
    assert done.returncode == 0
    hub.wait(lambda: hub.hellos)
    found = read()
    assert found.incident and found.incident["step"] == 70
    assert found.hello["run"]["id"] == hub.hellos[0]["run"]["id"]
    os.unlink(found.path)
    hub._take = lambda message: {"type": "refused", "reason": "no"}  # type: ignore[method-assign]
    flown(script, "    import time; time.sleep(0.5); 1 / 0", state, "70", **hub.environment())
    assert read().incident


@pytest.mark.skipif(os.name == "nt", reason="no such permissions")
def test_a_home_that_can_not_be_written_is_one_warning(script: Script) -> None:
    """As nobody, where the tests run as root, who may write anywhere."""
    path = script(
        """
        import gradsight, os
        gradsight.watch()
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        for step in range(90):
            gradsight.log(step, norm=float("nan"))
        print("trained")
        """
    )
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o555)
        env = {**environment(), "HOME": home}
        for name in ("GRADSIGHT_STATE", "XDG_STATE_HOME"):
            env.pop(name, None)
        done = run(command(str(path)), env=env)
        assert os.listdir(home) == []
        os.chmod(home, 0o700)
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.count("the flight recorder stopped, the training goes on: PermissionError") == 1, done.stderr


def test_a_state_folder_that_is_a_file_is_one_warning(script: Script, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = flown(script, "    print('trained')", tmp_path / "file", "70")
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.count("the flight recorder stopped, the training goes on") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_is_one_warning(script: Script, tmp_path: Path) -> None:
    path = script(
        """
        import gradsight, os, time
        from gradsight import _flight_file
        plain = os.open
        _flight_file.os.open = lambda path, *more: plain("/dev/full" if str(path).endswith(".gsflight") else path, *more)
        gradsight.watch()
        for step in range(90):
            gradsight.log(step, norm=float("nan"))
            time.sleep(0.01)
        print("trained")
        """
    )
    done = run(command(str(path)), env=environment(GRADSIGHT_STATE=str(tmp_path)))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.count("the flight recorder stopped") == 1, done.stderr


def test_a_forked_worker_leaves_the_recording_alone(script: Script, state: Path) -> None:
    text = """
    child = os.fork()
    if child == 0:
        gradsight.log(500, norm=math.nan)
        sys.exit(5)
    os.waitpid(child, 0)
    gradsight.log(500, norm=2.0)
"""
    done = flown(script, text, state, NEVER)
    assert done.returncode == 0, done.stderr
    assert not _flights.paths(_state.flights())
