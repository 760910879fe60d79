"""``python -m gradsight run [OPTION …] script.py args…`` (or ``-m module``), ``… why [RUN]`` and ``… sweep script.py``"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Dict, List, NoReturn

if TYPE_CHECKING:
    from ._trial import Trial

USAGE = """\
usage: python -m gradsight run [OPTION ...] SCRIPT [ARGUMENT ...]
       python -m gradsight run [OPTION ...] -m MODULE [ARGUMENT ...]
       python -m gradsight why [--json] [RUN]
       python -m gradsight sweep [OPTION ...] SCRIPT [-- ARGUMENT ...]

run: runs a Python script or module as python itself would, and shows its gradient norms in the editor.

  --name NAME      what the list of runs calls it; the script's name by default
  --allow-control  lets you change or switch off the clipping threshold from the dashboard while it runs (one process,
                   which may be what torchrun or accelerate launch starts); each change is a mark in the run
  --pause-on-nonfinite
                   with --allow-control: waits in the dashboard for you before the first update whose gradients are NaN or
                   infinite (without an editor it goes on). Every step then waits for the GPU, which slows training down

why: tells how a run went wrong, from what its last steps left behind: which layer and batch went bad first, what led
to it, what to change. RUN is its id or the beginning of that, its name or script, or a recording's path; the latest by
default.

  --json           for programs

sweep: tries clipping thresholds in short trials of a script; sweep --help tells more.
"""


def main(arguments: List[str]) -> None:
    if arguments in (["-h"], ["--help"], ["run", "-h"], ["run", "--help"], ["why", "-h"], ["why", "--help"]):
        print(USAGE, end="")
        return
    if arguments == ["--version"]:
        from . import __version__

        print(f"gradsight {__version__}")
        return
    if arguments and arguments[0] == "why":
        _why(arguments[1:])
        return
    if arguments and arguments[0] == "sweep":
        from .sweep.command import sweep

        sys.exit(sweep(arguments[1:]))
    if not arguments or arguments[0] != "run":
        _usage_error("expected the command 'run', 'why' or 'sweep'")
    rest = arguments[1:]
    given: Dict[str, str] = {}
    flags = {"--allow-control": False, "--pause-on-nonfinite": False}
    while rest and rest[0].startswith("-") and rest[0] != "-m":
        option, _, value = rest.pop(0).partition("=")
        if option in flags and not value:
            flags[option] = True
            continue
        if option not in ("--name", "--trial"):
            _usage_error(f"unknown option {option}")
        if not value:
            if not rest:
                _usage_error(f"{option} needs a value")
            value = rest.pop(0)
        given[option] = value
    module = bool(rest) and rest[0] == "-m"
    if module:
        rest.pop(0)
    if flags["--pause-on-nonfinite"] and not flags["--allow-control"]:
        _usage_error("--pause-on-nonfinite needs --allow-control")
    if not rest:
        _usage_error(f"expected the {'module' if module else 'script'} to run")
    from . import _launch

    trial = _trial(given["--trial"]) if "--trial" in given else None
    options = _launch.Options(given.get("--name"), trial, *flags.values())
    run = _launch.run_module if module else _launch.run_script
    run(rest[0], rest[1:], options)


def _trial(folder: str) -> "Trial":
    from ._trial import Trial

    try:
        trial = Trial(folder)
    except (OSError, ValueError) as error:
        _usage_error(f"--trial is for the sweep alone: {error}")
    if os.name == "posix" and trial.plan.runner != os.getppid():
        _usage_error("--trial is for the sweep alone, which did not start this process")
    return trial


def _why(arguments: List[str]) -> None:
    runs = [argument for argument in arguments if not argument.startswith("-")]
    unknown = [argument for argument in arguments if argument.startswith("-") and argument != "--json"]
    if unknown:
        _usage_error(f"unknown option {unknown[0]}")
    if len(runs) > 1:
        _usage_error("expected one run at most")
    from ._why import why

    try:
        status = why(runs[0] if runs else None, "--json" in arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads it has seen enough, as head has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed at the end
        status = 0
    sys.exit(status)


def _usage_error(problem: str) -> NoReturn:
    sys.stderr.write(f"{USAGE}\ngradsight: {problem}\n")
    sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
