"""Steps reach the hub, or a file, whatever happens to the hub; the training never notices."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from conftest import command, environment, run
from gradsight import _spill
from gradsight._courier import LAST_RETRY, Courier
from gradsight._outbox import Outbox
from safetensors.numpy import load
from testing_hub import HubForTests

Script = Callable[..., Path]

LOOP = """
    import gradsight, sys
    for step in range(200):
        gradsight.log(step, norm=step)
    print("trained")
"""

# Goes on while it reads lines: the test decides what happens between its steps.
STEPWISE = """
    import gradsight, sys
    for step, line in enumerate(sys.stdin):
        gradsight.log(step, norm=step)
        print(step, flush=True)
"""


def spilled(folder: Path) -> Dict[str, Any]:
    (file,) = folder.glob("*.gsspill")
    records = list(_spill.read(str(file)))
    messages = [json.loads(record.payload) for record in records if record.kind == _spill.JSON]
    frames = [load(record.payload) for record in records if record.kind == _spill.FRAME]
    steps = [step for frame in frames for step in frame["step"].tolist()]
    return {"messages": messages, "steps": steps, "name": file.name}


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_an_editor_the_script_just_runs(script: Script) -> None:
    done = run(command(str(script(LOOP))))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.count("\n") == 1
    assert "no editor to report to" in done.stderr


def test_a_run_that_starts_while_the_editor_is_closed_goes_to_a_file(script: Script, hub: HubForTests) -> None:
    hub.stop()
    hub.rendezvous.unlink()  # as an editor that closes does
    done = run(command(str(script(LOOP))), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert "The run is kept" in done.stderr
    assert done.stderr.count("\n") == 1
    assert spilled(hub.spill)["steps"] == list(range(200))


def test_without_a_listener_the_run_goes_to_a_file(script: Script, hub: HubForTests) -> None:
    hub.stop()
    done = run(command("-m", "gradsight", "run", str(script(LOOP))), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert "doesn't listen" in done.stderr
    assert done.stderr.count("\n") == 1
    found = spilled(hub.spill)
    assert found["steps"] == list(range(200))
    hello, *_, end = found["messages"]
    assert (hello["type"], end["type"], end["status"]) == ("hello", "end", "finished")
    assert found["name"] == f"{hello['run']['id']}-0-{hello['attempt']}.gsspill"


def test_a_wrong_token_is_no_way_in(script: Script, hub: HubForTests) -> None:
    hub.token = "another"
    done = run(command(str(script(LOOP))), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert "401" in done.stderr
    assert done.stderr.count("\n") == 1
    assert hub.refused > 0
    assert not hub.hellos
    assert spilled(hub.spill)["steps"] == list(range(200))


def test_an_unreadable_rendezvous_file_harms_nothing(script: Script, tmp_path: Path) -> None:
    for content in ("", "{", '{"protocol": 1, "port": "x", "token": 1, "spill": []}', "[]"):
        (tmp_path / "rendezvous.json").write_text(content)
        env = environment(GRADSIGHT_RENDEZVOUS=str(tmp_path / "rendezvous.json"))
        done = run(command(str(script(LOOP))), env=env)
        assert (done.returncode, done.stdout) == (0, "trained\n")


class Stepwise:
    """A training that does one step for each line it gets."""

    def __init__(self, path: Path, env: Dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command(str(path)), env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def step(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline()

    def finish(self) -> int:
        self.process.communicate(timeout=60)
        return self.process.returncode


def test_survives_the_death_and_the_return_of_the_hub(script: Script, hub: HubForTests) -> None:
    training = Stepwise(script(STEPWISE), environment(**hub.environment()))
    for _ in range(3):
        training.step()
    hub.wait_for_steps("train", 3)
    hub.stop()
    for _ in range(3):
        training.step()
    hub.token = "a-token-of-the-next-start"
    hub.start()
    training.step()
    assert training.finish() == 0
    hub.wait(lambda: hub.end)
    assert [step["step"] for step in hub.steps("train")] == list(range(7))
    assert sorted(hub.received) == list(range(len(hub.received)))
    assert not list(hub.spill.glob("*")) or spilled(hub.spill)["steps"] == []


def test_what_is_not_acknowledged_is_kept(script: Script, hub: HubForTests) -> None:
    hub.acknowledges = False
    done = run(command(str(script(LOOP))), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert spilled(hub.spill)["steps"] == list(range(200))


def test_a_listener_that_never_answers_does_not_hold_the_exit(script: Script, hub: HubForTests) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        hub.announce(mute.getsockname()[1], "t")
        done = run(command(str(script(LOOP))), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert spilled(hub.spill)["steps"] == list(range(200))


def test_no_proxy_ever_sees_the_token(script: Script, hub: HubForTests) -> None:
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen()
        proxy.setblocking(False)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "ws_proxy", "WS_PROXY")
        env = environment(**hub.environment(**{name: address for name in names}, NO_PROXY="", no_proxy=""))
        training = Stepwise(script(STEPWISE), env)
        training.step()
        hub.wait_for_steps("train", 1)
        assert training.finish() == 0
        try:
            connection, _ = proxy.accept()
        except BlockingIOError:
            pass
        else:
            connection.close()
            raise AssertionError("the proxy was asked")


def test_the_script_s_own_websockets_is_left_alone(script: Script, hub: HubForTests) -> None:
    """A module of that name beside the script is what the script gets, and nothing the probe uses."""
    script("raise RuntimeError('another library of that name')", "websockets.py")
    path = script(LOOP + "    assert 'websockets' not in sys.modules\n")
    done = run(command("-m", "gradsight", "run", str(path)), env=environment(**hub.environment()))
    assert done.returncode == 0, done.stderr
    hub.wait(lambda: hub.end)
    assert len(hub.steps("train")) == 200


def test_without_a_client_library_the_run_goes_to_a_file(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    import shutil

    from conftest import PACKAGE

    bare = tmp_path / "bare"
    shutil.copytree(PACKAGE / "gradsight", bare / "gradsight", ignore=shutil.ignore_patterns("_vendor", "__pycache__"))
    (bare / "websockets.py").write_text("raise ImportError\n")
    env = {**environment(**hub.environment()), "PYTHONPATH": str(bare)}
    done = run(command("-m", "gradsight", "run", str(script(LOOP))), env=env)
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert spilled(hub.spill)["steps"] == list(range(200))


def test_a_refused_run_goes_on_unrecorded(script: Script, hub: HubForTests) -> None:
    take = hub._take
    hub._take = lambda message: {"type": "refused", "reason": "This run was deleted."}  # type: ignore[method-assign]
    done = run(command(str(script(LOOP))), env=environment(**hub.environment()))
    hub._take = take  # type: ignore[method-assign]
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert "This run was deleted." in done.stderr
    assert not list(hub.spill.glob("*"))


SLOW_LOOP = """
    import gradsight, time
    {before}
    for step in range(40):
        gradsight.log(step, norm=step)
        time.sleep(0.02)
    print("trained")
"""


@pytest.mark.skipif(os.name == "nt", reason="no limit of a file's size")
def test_a_full_disk_is_one_warning(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    """As a file system that has no more room: what is too much comes back as an error, in the middle of a record."""
    hub.stop()
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"
    for room in (0, 700, 2000):  # not even the first record, that and no more, some steps
        path = script(SLOW_LOOP.format(before=limit.format(room)))
        env = environment(**hub.environment(), GRADSIGHT_STATE=str(tmp_path / f"state-{room}"))
        done = run(command(str(path)), env=env)
        assert (done.returncode, done.stdout) == (0, "trained\n")
        assert done.stderr.count("can't be kept") == 1, done.stderr
        assert done.stderr.count("doesn't listen") == 1
        assert "The run is kept" not in done.stderr.partition("can't be kept")[2]
        for file in hub.spill.glob("*"):
            records = list(_spill.read(str(file)))
            assert json.loads(records[0].payload)["type"] == "hello"
            assert file.stat().st_size == sum(len(_spill.encode(record)) for record in records)
            file.unlink()


def test_what_finds_no_room_is_a_gap(script: Script, hub: HubForTests) -> None:
    """Neither in memory nor in the file: what is kept has no hole, and what is missing is said."""
    hub.stop()
    path = script(
        """
        import gradsight, time
        from gradsight._outbox import Outbox
        from gradsight._spill import RESERVE, SpillFile
        Outbox.__init__.__defaults__ = (20_000,)
        SpillFile.__init__.__defaults__ = (RESERVE + 40_000,)
        for step in range(6_000):
            gradsight.log(step, norm=step)
            if step % 5 == 0:  # so few at a time that some messages find room
                time.sleep(0.002)
        print("trained")
        """
    )
    done = run(command(str(path)), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "trained\n"), done.stderr
    found = spilled(hub.spill)
    kept = len(found["steps"])
    assert found["steps"] == list(range(kept)) and 0 < kept < 6_000
    *_, gap, end = found["messages"]
    assert (gap["event"]["kind"], gap["event"]["data"]["to"]) == ("gap", 5_999)
    assert kept <= gap["event"]["data"]["from"]
    assert end["status"] == "finished"
    (file,) = hub.spill.glob("*")
    assert file.stat().st_size <= _spill.RESERVE + 40_000


def test_comes_back_less_and_less_often(script: Script, hub: HubForTests) -> None:
    """To an editor that takes each connection and ends it: after a quarter of a second, doubled, less up to a half."""
    with socket.socket() as abrupt:
        abrupt.bind(("127.0.0.1", 0))
        abrupt.listen()
        abrupt.settimeout(60)
        hub.announce(abrupt.getsockname()[1], "t")
        training = Stepwise(script(STEPWISE), environment(**hub.environment()))
        training.step()
        times = []
        for _ in range(5):
            abrupt.accept()[0].close()
            times.append(time.monotonic())
        assert training.finish() == 0
    pauses = [later - sooner for sooner, later in zip(times, times[1:])]
    assert all(pause > 0.125 * 2**number for number, pause in enumerate(pauses)), pauses


def test_not_all_come_back_at_once(hub: HubForTests, capfd: Any) -> None:
    pauses = set()
    for _ in range(20):
        courier = Courier(str(hub.rendezvous), Outbox(), lambda: b"{}")
        courier._retry_later("gone")
        pauses.add(round(courier._retry_at - time.monotonic(), 3))
        for _ in range(20):
            courier._retry_later("gone")
        assert courier._retry_delay == LAST_RETRY
    assert len(pauses) > 5 and all(0.1 < pause <= 0.25 for pause in pauses)


def test_a_folder_that_can_not_be_written_is_one_warning(script: Script, hub: HubForTests) -> None:
    hub.stop()
    hub.spill.write_text("a file where the folder should be")
    done = run(command(str(script(SLOW_LOOP.format(before="")))), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.count("can't be kept") == 1
    assert done.stderr.count("\n") == 2  # and that nobody listens


def test_a_clock_that_jumps_disturbs_nothing(script: Script, hub: HubForTests) -> None:
    text = """
        import gradsight, time
        clock, offset = time.time, 0.0
        time.time = lambda: clock() + offset
        for step in range(60):
            offset = {20: -86_400.0, 40: 1e6}.get(step, offset)
            gradsight.log(step, norm=step)
            time.sleep(0.02)
        gradsight.log(60, norm=60)
        while input() != "go": pass
    """
    training = subprocess.Popen(
        command(str(script(text))), env=environment(**hub.environment()), text=True, stdin=subprocess.PIPE
    )
    steps = hub.wait_for_steps("train", 61)  # the last one, too, though no other follows
    training.communicate("go\n", timeout=60)
    assert training.returncode == 0
    assert [step["step"] for step in steps] == list(range(61))
    assert all(0 < step["step_time"] < 60 for step in steps[1:])  # a clock that can't jump measures it
    assert hub.wait(lambda: hub.end)["status"] == "finished"
    assert len(hub.hellos) == 1


def test_a_reader_that_stops_reading_holds_nothing_up(script: Script, hub: HubForTests) -> None:
    """More than the sockets hold between the two: the rest goes to the file, and the exit is not held either."""
    hub.reading.clear()
    path = script("import gradsight\nfor step in range(200_000): gradsight.log(step, norm=step)\nprint('trained')")
    done = run(command(str(path)), env=environment(**hub.environment()))
    hub.reading.set()
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.count("\n") <= 1, done.stderr
    assert spilled(hub.spill)["steps"] == list(range(200_000))


TIMED_LOOP = """
    import gradsight, time
    for step in range(100_000):
        gradsight.log(step, norm=time.time())
        print(time.time(), flush=True)
        time.sleep(0.005)
"""


class Killed:
    """A training that is killed after so many of its steps."""

    def __init__(self, path: Path, env: Dict[str, str], steps: int) -> None:
        training = subprocess.Popen(command(str(path)), env=env, text=True, stdout=subprocess.PIPE)
        assert training.stdout
        lines = [training.stdout.readline() for _ in range(steps)]
        training.kill()
        lines += training.stdout.readlines()
        training.wait()
        self.times = [float(line) for line in lines if line.endswith("\n")]

    @property
    def may_lose(self) -> float:
        """Half a second, and what a machine that is as busy as this one is seen to be adds."""
        return 0.5 + 3 * max(later - sooner for sooner, later in zip(self.times, self.times[1:]))


@pytest.mark.parametrize("editor", ["reads and acknowledges", "answers nothing", "reads nothing", "acknowledges nothing"])
def test_a_training_that_is_killed_loses_half_a_second_at_most(editor: str, script: Script, hub: HubForTests) -> None:
    with socket.socket() as mute:
        if editor == "answers nothing":
            mute.bind(("127.0.0.1", 0))
            mute.listen()
            hub.announce(mute.getsockname()[1], "t")
        elif editor == "reads nothing":
            hub.reading.clear()
        elif editor == "acknowledges nothing":
            hub.acknowledges = False
        training = Killed(script(TIMED_LOOP), environment(**hub.environment()), steps=400)
    if editor == "reads and acknowledges":
        time.sleep(0.2)  # what had been sent is on its way
        steps, last = [step["step"] for step in hub.steps("train")], hub.steps("train")[-1]["norm_pre"]
    else:
        steps = spilled(hub.spill)["steps"]
        last = training.times[steps[-1]]
    hub.reading.set()
    assert steps == list(range(len(steps)))
    assert training.times[-1] - last < training.may_lose


def test_the_wait_for_an_answer_holds_nothing_up(script: Script, hub: HubForTests) -> None:
    """What is recorded while the editor is waited for is in the file before that wait is over."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        hub.announce(mute.getsockname()[1], "t")
        training = Stepwise(script(STEPWISE), environment(**hub.environment()))
        mute.settimeout(60)
        training.step()  # the first one makes it a run
        taken, kept_in_time = 1, False
        while not kept_in_time and taken < 6:
            connection, _ = mute.accept()
            with connection:
                training.step()
                taken += 1
                while not is_closed(connection) and not kept_in_time:
                    files = list(hub.spill.glob("*.gsspill"))
                    kept_in_time = bool(files) and len(spilled(hub.spill)["steps"]) == taken
                    time.sleep(0.01)
    assert kept_in_time
    assert training.finish() == 0
    assert spilled(hub.spill)["steps"] == list(range(taken))


def is_closed(connection: socket.socket) -> bool:
    """Whether the other end is; what it has sent is read."""
    connection.setblocking(False)
    try:
        return connection.recv(65_536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
