"""``python -m gradsight run``: a script behaves as it does under plain python."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Callable, List

import pytest
from conftest import command, environment, run
from testing_crowd import Crowd
from testing_hub import HubForTests

Script = Callable[..., Path]
PROBE = ["-m", "gradsight", "run"]

BEHAVIOURS = {
    "what it sees": """
        import sys
        print(sys.argv, sys.path[0], __file__, __name__, __doc__, __package__, __spec__, type(__loader__).__name__)
        print(sorted(name for name in globals()))
        print(sys.modules["__main__"].__dict__ is globals(), input())
    """,
    "a traceback": """
        def inner():
            raise ValueError("bad — value")
        def outer():
            try:
                inner()
            except ValueError as error:
                raise RuntimeError("worse") from error
        outer()
    """,
    "a syntax error": "x = (1,\ny = 2\n",
    "an exit code": "import sys; sys.exit(7)",
    "an exit message": "import sys; sys.exit('no data')",
    "a clean exit": "raise SystemExit",
    "an exit without handlers": "import atexit, os; atexit.register(print, 'bye'); print('hi', flush=True); os._exit(9)",
    "another program in its place": """
        import os, sys
        print("hi", flush=True)
        os.execl(sys.executable, "python", "-c", "import sys; print(sys.argv); sys.exit(3)", "x")
    """,
    "an exit of a forked child": """
        import os
        child = os.fork()
        if child == 0:
            os._exit(6)
        print(os.waitpid(child, 0)[1] >> 8)
    """,
    "an exit handler": "import atexit; atexit.register(print, 'bye'); print('hi')",
    "its own excepthook": "import sys; sys.excepthook = lambda *a: print('mine', a[0].__name__); 1 / 0",
    "an interrupt": "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(30)",
    "a termination": "import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(30)",
    "its own signal handler": """
        import os, signal
        signal.signal(signal.SIGTERM, lambda *a: print("not now"))
        os.kill(os.getpid(), signal.SIGTERM)
    """,
    "pickling of its own classes": """
        import pickle
        class Thing: pass
        print(type(pickle.loads(pickle.dumps(Thing()))).__name__)
    """,
    "worker processes": """
        import multiprocessing
        def double(x): return 2 * x
        if __name__ == "__main__":
            for method in ("fork", "spawn"):
                with multiprocessing.get_context(method).Pool(1) as pool:
                    print(pool.map(double, [1, 2]))
    """,
    "a shadowed standard module": "import json; print(json.MINE)",
}


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_is_the_script_s_own(name: str, script: Script, hub: HubForTests, tmp_path: Path) -> None:
    path = script(BEHAVIOURS[name])
    script("MINE = 'mine'\n" if "shadowed" in name else "", "json.py" if "shadowed" in name else "other.py")
    os.makedirs(tmp_path / "elsewhere")
    outcomes = []
    for probe in ([], PROBE):
        env = environment(**hub.environment()) if probe else environment()
        arguments = command(*probe, os.path.relpath(path, tmp_path / "elsewhere"), "--flag", "-m", "x")
        done = run(arguments, env=env, cwd=tmp_path / "elsewhere", input="typed\n")
        outcomes.append((done.returncode, done.stdout, done.stderr))
    assert outcomes[1] == outcomes[0]
    if name != "a syntax error":
        assert hub.wait(lambda: hub.end) is not None


def test_runs_a_module(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    script("", "package/__init__.py")
    script(
        """
        import sys
        from . import other
        print(sys.argv, __name__, __package__, __spec__.name, other.__name__)
        1 / 0
        """,
        "package/train.py",
    )
    script("", "package/other.py")
    outcomes = []
    for probe in ([], PROBE):
        env = environment(**hub.environment()) if probe else environment()
        done = run(command(*probe, "-m", "package.train", "-v"), env=env, cwd=tmp_path)
        outcomes.append((done.returncode, done.stdout, done.stderr))
    assert outcomes[1] == outcomes[0]
    assert hub.wait(lambda: hub.end)["status"] == "failed"
    assert hub.hellos[0]["run"]["script"] == str(tmp_path / "package" / "train.py")
    assert hub.hellos[0]["run"]["args"] == ["-v"]


@pytest.mark.parametrize(
    "text, status, exit_code, error",
    [
        ("print(1)", "finished", 0, None),
        ("1 / 0", "failed", 1, "ZeroDivisionError"),
        ("import sys; sys.exit(3)", "failed", 3, None),
        ("import sys; sys.exit('no data')", "failed", 1, "no data"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", "interrupted", 130, "KeyboardInterrupt"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "interrupted", 143, "SIGTERM"),
        ("import os; os._exit(3)", "failed", 3, "ended by os._exit(3)"),
        ("import os; os._exit(0)", "finished", 0, None),
        ("import os, threading; threading.Thread(target=os._exit, args=(4,)).start()", "failed", 4, "os._exit(4)"),
    ],
)
def test_tells_how_it_ended(text: str, status: str, exit_code: int, error: Any, script: Script, hub: HubForTests) -> None:
    path = script(f"import gradsight\ngradsight.log(0, loss=1)\n{text}\n")
    run(command(*PROBE, "--name", "a name", str(path)), env=environment(**hub.environment()))
    end = hub.wait(lambda: hub.end)
    assert (end["status"], end["exitCode"]) == (status, exit_code)
    assert end["error"] is None if error is None else error in end["error"]
    assert "gradsight" not in (end["error"] or "").replace(str(path), "").replace("import gradsight", "")
    assert hub.hellos[0]["run"]["name"] == "a name"
    assert [step["step"] for step in hub.steps("train")] == [0]


@pytest.mark.parametrize(
    "options, call, allowed",
    [
        (["--allow-control"], "", True),
        ([], "", False),
        ([], "gradsight.watch(allow_control=True)", False),  # the command line has said what holds
    ],
)
def test_may_be_controlled_only_if_it_was_started_so(
    options: List[str], call: str, allowed: bool, script: Script, hub: HubForTests
) -> None:
    path = script(f"import gradsight\n{call}\ngradsight.log(0, loss=1)\n")
    run(command(*PROBE, *options, str(path)), env=environment(**hub.environment(GRADSIGHT_ALLOW_CONTROL="1")))
    hub.wait(lambda: hub.end)
    assert hub.hellos[-1]["control"] == ({"overrides": [], "paused": None} if allowed else None)


def test_a_script_may_allow_control_of_itself(script: Script, hub: HubForTests) -> None:
    path = script("import gradsight\ngradsight.watch(allow_control=True)\ngradsight.log(0, loss=1)\n")
    run(command(str(path)), env=environment(**hub.environment()))
    hub.wait(lambda: hub.end)
    assert hub.hellos[-1]["control"] == {"overrides": [], "paused": None}


def test_another_program_in_its_place_ends_it(script: Script, crowd: Crowd) -> None:
    path = script(
        """
        import gradsight, os, stat, sys
        gradsight.log(0, loss=1)
        if sys.argv[1:] == ["again"]:
            print(sys.argv)
            sys.exit(4)
        with open("no program", "w") as stream:
            stream.write("neither a script nor a binary")
        os.chmod("no program", stat.S_IRWXU)
        for refused in ("no such file", "no program"):
            try:
                os.execv(os.path.abspath(refused), ["x"])
            except OSError as error:
                print(type(error).__name__)
            gradsight.log(loss=2)
        sys.stdout.flush()
        os.environ["PATH"] = os.pathsep.join(["/nowhere", os.path.dirname(sys.executable)])
        os.execvp(os.path.basename(sys.executable), [sys.executable, __file__, "again"])
        """
    )
    done = run(command(*PROBE, str(path)), env=environment(**crowd.environment()), cwd=path.parent)
    assert (done.returncode, done.stderr) == (4, "")
    assert done.stdout.splitlines() == ["FileNotFoundError", "OSError", f"['{path}', 'again']"]
    first, goes_on, second = crowd.attempts.values()
    for hub, losses, status, code in ((first, [1, 2], "finished", None), (goes_on, [2], "finished", None)):
        end = hub.wait(lambda: hub.end)
        assert (end["status"], end["exitCode"]) == (status, code)
        assert [step["loss"] for step in hub.steps("train")] == losses
        (note,) = hub.events
        assert (note["kind"], "put another program in the place" in note["message"]) == ("note", True)
    assert sys.executable in goes_on.events[0]["message"].replace(os.path.realpath(sys.executable), sys.executable)
    assert second.wait(lambda: second.end) and len(second.steps("train")) == 1
    assert len({hub.hellos[0]["run"]["id"] for hub in (first, goes_on, second)}) == 3


NO_THREAD = """
    import threading
    def refuse(thread):
        raise RuntimeError("can't start new thread at interpreter shutdown")
    threading.Thread.start = refuse
"""


def test_needs_no_thread_that_the_run_has_no_time_to_start(script: Script, hub: HubForTests) -> None:
    """Python 3.12 starts none once the script has ended, which may be before the editor is reached."""
    done = run(
        command(*PROBE, str(script("    import gradsight; gradsight.log(0, loss=1)\n" + NO_THREAD))),
        env=environment(**hub.environment()),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert hub.wait(lambda: hub.end)["status"] == "finished"
    assert [step["step"] for step in hub.steps("train")] == [0]


def test_without_threads_the_script_goes_on(script: Script, hub: HubForTests) -> None:
    late = "    import gradsight; gradsight.note('late'); gradsight.log(0, loss=1); print('trained')\n"
    done = run(command(str(script(NO_THREAD + late))), env=environment(**hub.environment()))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.splitlines() == [
        "gradsight: nothing is recorded, the script goes on: can't start new thread at interpreter shutdown"
    ]
    assert not hub.hellos


def test_watch_tells_how_it_ended_too(script: Script, hub: HubForTests) -> None:
    path = script("import gradsight\ngradsight.watch(name='mine')\ngradsight.log(0, loss=1)\n1 / 0\n")
    done = run(command(str(path)), env=environment(**hub.environment()))
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    end = hub.wait(lambda: hub.end)
    assert (end["status"], "ZeroDivisionError" in end["error"]) == ("failed", True)
    assert hub.hellos[0]["run"]["name"] == "mine"


def test_a_launcher_s_processes_share_the_run(script: Script, hub: HubForTests) -> None:
    path = script("import gradsight; gradsight.watch(); gradsight.log(0, loss=1)")
    for rank in ("0", "1"):
        run(command(str(path)), env=environment(**hub.environment(RANK=rank, WORLD_SIZE="2")))
    hub.wait(lambda: len(hub.hellos) == 2)
    first, second = hub.hellos
    assert first["run"]["id"] == second["run"]["id"]
    assert (first["rank"], second["rank"], first["worldSize"]) == (0, 1, 2)
    assert first["attempt"] != second["attempt"]


def test_says_what_is_wrong_with_the_command() -> None:
    for arguments, message in (
        ([], "expected the command 'run'"),
        (["run"], "expected the script to run"),
        (["run", "-m"], "expected the module to run"),
        (["run", "--bogus", "x.py"], "unknown option --bogus"),
    ):
        done = run(command("-m", "gradsight", *arguments))
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
    done = run(command(*PROBE, "no-such-file.py"))
    assert done.returncode == 2
    assert "can't open file" in done.stderr


def test_a_forked_worker_reports_nothing(script: Script, hub: HubForTests) -> None:
    path = script(
        """
        import gradsight, os, sys
        gradsight.log(0, loss=1)
        child = os.fork()
        gradsight.log(1, loss=2)
        if child == 0:
            sys.exit(5)
        os.waitpid(child, 0)
        """
    )
    done = run(command(*PROBE, str(path)), env=environment(**hub.environment()))
    assert done.returncode == 0
    assert hub.wait(lambda: hub.end)["status"] == "finished"
    assert [step["step"] for step in hub.steps("train")] == [0, 1]
    assert len(hub.hellos) == 1


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="no path that is a pipe")
def test_a_script_that_comes_through_a_pipe_is_read_by_nobody_else() -> None:
    ran = run(command("-m", "gradsight", "run", "/dev/stdin"), input="print('ran')")
    assert (ran.returncode, ran.stdout) == (0, "ran\n")
