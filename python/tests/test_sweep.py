"""``python -m gradsight sweep``: real trials of real scripts, and what is left of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from conftest import command, environment, run
from gradsight._trial import Plan, write_plan
from gradsight.sweep.finished import Finished

pytest.importorskip("torch")
if os.name != "posix":
    pytest.skip("tests processes and their groups", allow_module_level=True)

Script = Callable[..., Path]

TRAINING = """
    import atexit, os, sys
    from scale import SCALE
    import torch
    from torch import nn

    def note(word):
        with open("log.txt", "a") as log:
            log.write(f"{word} {sys.argv[1:]} {os.environ.get('GRADSIGHT_TRIAL') is not None}\\n")

    note("began")
    atexit.register(note, "exited")
    torch.set_num_threads(1)
    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    try:
        while True:
            inputs = torch.randn(16, 6)
            loss = ((model(inputs) - SCALE * inputs.sum(1, keepdim=True)) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.01)
            optimizer.step()
    finally:
        note("cleaned up")
"""


LATE = """optimizer.step()
            steps = globals().get("steps", 0) + 1
            if steps == 60:  # who has learnt little has little to forget
                SCALE, optimizer.param_groups[0]["lr"] = 0, 1e-9"""


def swept(folder: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    env = environment(GRADSIGHT_STATE=str(folder / "state"), OMP_NUM_THREADS="1", **more)
    return run(command("-m", "gradsight", "sweep", *arguments), cwd=folder, env=env)


def log(folder: Path) -> List[str]:
    return (folder / "log.txt").read_text().splitlines()


def test_finds_what_is_better_goes_on_where_it_was_and_leaves_nothing(script: Script, tmp_path: Path) -> None:
    script(TRAINING)
    script("SCALE = 3", "scale.py")
    progress = ("--progress", str(tmp_path / "progress.json"))
    asked = ("train.py", "--steps", "40", "--thresholds", "5", "--json", *progress, "--", "--data", "x")
    done = swept(tmp_path, *asked, GRADSIGHT_RUN="someone-s")
    assert done.returncode == 0, done.stderr
    result: Dict[str, Any] = json.loads(done.stdout)
    own, five = result["settings"]
    assert [own["setting"], five["setting"]] == ["own", "5"]
    assert [own["threshold"], five["threshold"]] == [0.01, 5.0]
    assert all(len(line["losses"]) == 2 and line["steps"] == 40 for line in result["settings"])
    assert own["losses"][0] != own["losses"][1]  # seeds, which the script doesn't set
    assert result["winner"] == "5" and own["clip_rate"] == 1.0
    assert [(line["setting"], line["steps"], len(line["losses"])) for line in result["longer"]] == [
        ("own", 160, 3),
        ("5", 160, 3),
    ]
    assert result["reason"].startswith("In 3 trials of 160 steps with seeds of their own, its loss is lower by ")
    assert json.loads((tmp_path / "progress.json").read_text()) == {"done": 10, "trials": 10, "left": 0, "more": False}
    assert "left before any longer trials" in done.stderr
    words = [line.split()[0] for line in log(tmp_path)]
    assert [words.count(word) for word in ("began", "cleaned", "exited")] == [10, 10, 10]
    assert all("['--data', 'x'] True" in line for line in log(tmp_path))
    (sweep,) = (tmp_path / "state" / "sweeps").iterdir()
    assert sorted(os.listdir(sweep)) == ["finished.jsonl", "lock"]

    again = swept(tmp_path, *asked)
    assert json.loads(again.stdout) == result
    assert len(log(tmp_path)) == 30  # nothing was run

    script("raise ValueError('anew')", "scale.py")  # what the script imports is another
    anew = swept(tmp_path, *asked)
    assert anew.returncode == 1 and "ValueError: anew" in anew.stderr


def test_a_training_that_is_shorter_than_the_trials_is_tried_as_a_whole(script: Script, tmp_path: Path) -> None:
    script(TRAINING.replace("while True:", "for _ in range(160):"))
    script("SCALE = 3", "scale.py")
    done = swept(tmp_path, "train.py", "--thresholds", "5", "--json")
    result: Dict[str, Any] = json.loads(done.stdout)
    assert result["winner"] == "5", done.stderr
    assert (
        "The script's own training has 160 steps: the trials have 40 steps each and the best for 160 steps." in done.stderr
    )
    assert [line["steps"] for line in result["settings"] + result["longer"]] == [40, 40, 160, 160]
    assert result["reason"].startswith("In 3 whole trainings of 160 steps")
    assert (result["training"], result["notes"]) == (160, [])
    assert json.loads(swept(tmp_path, "train.py", "--thresholds", "5", "--json").stdout) == result
    assert len(log(tmp_path)) == 11 * 3  # nothing was run again


def test_what_is_ahead_at_first_and_behind_in_longer_trials_is_no_winner(script: Script, tmp_path: Path) -> None:
    script(TRAINING.replace("optimizer.step()", LATE))
    script("SCALE = 3", "scale.py")
    asked = ("train.py", "--steps", "40", "--longer-steps", "120", "--thresholds", "5")
    result: Dict[str, Any] = json.loads(swept(tmp_path, *asked, "--json").stdout)
    assert result["winner"] is None
    assert result["reason"].startswith(
        "5 was ahead after 40 steps. In trials of 120 steps with seeds of their own it was behind"
    )
    assert "with seed 2: in the mean of the last losses, at most of the last steps" in result["reason"]
    assert [len(line["losses"]) for line in result["longer"]] == [1, 1]  # the first one is enough
    told = swept(tmp_path, *asked).stdout.splitlines()
    assert (
        [line.split()[0] for line in told[3:5]] == ["as", "5"]
        and "  120  " in told[3]
        and told[-1].startswith("No winner. 5 ")
    )
    assert len(log(tmp_path)) == 6 * 3


def test_what_diverges_is_ended_at_once_and_its_other_seeds_are_left_out(script: Script, tmp_path: Path) -> None:
    script(TRAINING.replace("lr=0.2", "lr=100.0").replace("model = ", "torch.manual_seed(1); model = "))
    script("SCALE = 3", "scale.py")
    asked = ("train.py", "--steps", "300", "--thresholds", "none", "--jobs", "1", "--progress", "progress.json")
    done = swept(tmp_path, *asked, "--json")
    own, none = json.loads(done.stdout)["settings"]
    assert (own["outcome"], own["steps"]) == ("finished", 300)
    assert none["outcome"].startswith("diverged") and none["losses"] == []
    assert json.loads((tmp_path / "progress.json").read_text()) == {"done": 2, "trials": 2, "left": 0, "more": False}

    told = swept(tmp_path, *asked).stdout  # of the same trials
    assert "Seeds had no effect: the script sets its own." in told
    assert "No winner." in told
    assert sum(line.startswith("began") for line in log(tmp_path)) == 3


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_leaves_no_process_behind(number: int, script: Script, tmp_path: Path) -> None:
    script(
        """
        import os, signal, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the worst of scripts
        with open("pids.txt", "a") as pids:
            pids.write(f"{os.getpid()} {child.pid} .\\n")
        time.sleep(600)
        """
    )
    env = environment(GRADSIGHT_STATE=str(tmp_path / "state"))
    process = subprocess.Popen(command("-m", "gradsight", "sweep", "train.py"), cwd=tmp_path, env=env)
    pids = tmp_path / "pids.txt"
    wait_for(lambda: pids.exists() and pids.read_text().endswith(".\n"))
    started = [int(pid) for pid in pids.read_text().split()[:2]]
    assert all(map(alive, started))
    process.send_signal(number)
    code = process.wait(60)
    assert code == (-9 if number == signal.SIGKILL else 128 + number)
    wait_for(lambda: not any(map(alive, started)), 30)


def test_the_same_sweep_is_not_made_twice_at_once(script: Script, tmp_path: Path) -> None:
    script("import time\nopen('began', 'w').close()\ntime.sleep(600)")
    env = environment(GRADSIGHT_STATE=str(tmp_path / "state"))
    first = subprocess.Popen(
        command("-m", "gradsight", "sweep", "train.py"), cwd=tmp_path, env=env, stderr=subprocess.DEVNULL
    )
    try:
        wait_for((tmp_path / "began").exists)
        second = swept(tmp_path, "train.py")
        assert second.returncode == 1 and "the same sweep is under way already" in second.stderr
        assert first.poll() is None
    finally:
        first.terminate()
        first.wait(60)
    third = swept(tmp_path, "train.py", "--write", "nowhere/result.json")
    assert third.returncode == 2 and "there is no folder for nowhere/result.json" in third.stderr


RESUMING = """
    import os, torch
    model = torch.nn.Linear(6, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    if os.path.exists("last.pt"):
        optimizer.load_state_dict(torch.load("last.pt"))
    while True:
        optimizer.zero_grad()
        model(torch.randn(16, 6)).pow(2).mean().backward()
        optimizer.step()
        torch.save(optimizer.state_dict(), "last.pt")
"""


def test_trials_that_go_on_from_what_others_saved_are_not_compared(script: Script, tmp_path: Path) -> None:
    script(RESUMING)
    done = swept(tmp_path, "train.py", "--steps", "20", "--thresholds", "1")
    assert done.returncode == 1 and "a trial began at step 19, and the first one at 0" in done.stderr


def test_the_last_words_of_a_script_that_prints_much_are_found(script: Script, tmp_path: Path) -> None:
    script("for _ in range(10_000): print('word ' * 20, end='\\r')\nopen('missing')")
    done = swept(tmp_path, "train.py", "--steps", "5")
    assert done.returncode == 1 and "No such file or directory: 'missing'" in done.stderr


def test_folders_of_trials_whose_sweep_was_killed_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADSIGHT_STATE", str(tmp_path))
    killed = subprocess.Popen(["true"])
    killed.wait()
    finished = Finished(None, "a sweep")
    for name, runner in (("trial-left", killed.pid), ("trial-running", os.getpid())):
        folder = os.path.join(finished.folder, name)
        os.makedirs(folder)
        write_plan(folder, Plan("a sweep", "0.5", None, False, 1, 0, runner))
    assert finished.take()
    finished.open(False)
    assert sorted(os.listdir(finished.folder)) == ["lock", "trial-running"]


@pytest.mark.parametrize(
    "text, reason",
    [
        ("import gradsight\nfor step in range(9): gradsight.log(step, loss=1)", "logs its steps by hand"),
        ("print('hi')", "no update of an optimizer was seen"),
        ("raise ValueError('no data')", "ValueError: no data"),
        ("input('go on?')", "EOFError"),
    ],
)
def test_says_why_a_script_can_not_be_tried(text: str, reason: str, script: Script, tmp_path: Path) -> None:
    script(text)
    done = swept(tmp_path, "train.py", "--steps", "5")
    assert done.returncode == 1 and reason in done.stderr


def test_what_no_step_would_end_is_ended_as_soon_as_it_is_seen(script: Script, tmp_path: Path) -> None:
    script("import gradsight, time\nfor step in range(9): gradsight.log(step, loss=1)\ntime.sleep(600)")
    done = swept(tmp_path, "train.py", "--steps", "5", "--write", "result.json")
    assert done.returncode == 1 and "logs its steps by hand" in done.stderr
    told = json.loads((tmp_path / "result.json").read_text())
    assert told == {"refused": "nothing can be tried in a loop that logs its steps by hand."}


def test_a_launcher_is_not_tried(script: Script, tmp_path: Path) -> None:
    done = swept(tmp_path, "-m", "torch.distributed.run", "--", "train.py")
    assert done.returncode == 1 and "Name the training script itself" in done.stderr


def test_several_optimizers_are_named(script: Script, tmp_path: Path) -> None:
    script(
        """
        import torch
        nets = [torch.nn.Linear(2, 1) for _ in range(2)]
        actor, critic = (torch.optim.SGD(net.parameters(), lr=0.1) for net in nets)
        while True:
            for net, optimizer in zip(nets, (actor, critic)):
                optimizer.zero_grad()
                net(torch.randn(4, 2)).pow(2).sum().backward()
                optimizer.step()
        """
    )
    done = swept(tmp_path, "train.py", "--steps", "5", "--jobs", "1")
    assert done.returncode == 1 and "say --series with one of actor, critic, or all" in done.stderr
    done = swept(tmp_path, "train.py", "--steps", "5", "--series", "critic", "--thresholds", "0.1", "--seeds", "1", "--json")
    assert [line["threshold"] for line in json.loads(done.stdout)["settings"]] == [None, 0.1]


def test_nothing_but_the_sweep_makes_a_trial(script: Script, tmp_path: Path) -> None:
    plan = {"sweep": "s", "setting": "0.5", "series": None, "inserts": True, "steps": 1, "seed": 0, "runner": 1}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    path = script("print('ran')")
    done = run(command("-m", "gradsight", "run", "--trial", str(tmp_path), str(path)))
    assert done.returncode == 2 and "did not start this process" in done.stderr and done.stdout == ""
    done = run(command("-m", "gradsight", "run", "--trial", str(tmp_path / "nowhere"), str(path)))
    assert done.returncode == 2
    done = run(command("-m", "gradsight", "run", str(path)), env=environment(GRADSIGHT_TRIAL=str(tmp_path)))
    assert (done.returncode, done.stdout) == (0, "ran\n")
