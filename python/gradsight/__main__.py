"""``python -m gradsight run [--name NAME] script.py args…`` and ``… run [--name NAME] -m module args…``"""

from __future__ import annotations

import sys
from typing import List, Optional

USAGE = """\
usage: python -m gradsight run [--name NAME] SCRIPT [ARGUMENT ...]
       python -m gradsight run [--name NAME] -m MODULE [ARGUMENT ...]

Runs a Python script or module as python itself would, and shows its gradient norms in the editor.

  --name NAME  what the list of runs calls it; the script's name by default
"""


def main(arguments: List[str]) -> None:
    if arguments in (["-h"], ["--help"], ["run", "-h"], ["run", "--help"]):
        print(USAGE, end="")
        return
    if arguments == ["--version"]:
        from . import __version__

        print(f"gradsight {__version__}")
        return
    if not arguments or arguments[0] != "run":
        _usage_error("expected the command 'run'")
    rest = arguments[1:]
    name: Optional[str] = None
    while rest and rest[0].startswith("-") and rest[0] != "-m":
        option, _, value = rest.pop(0).partition("=")
        if option != "--name":
            _usage_error(f"unknown option {option}")
        if not value:
            if not rest:
                _usage_error("--name needs a value")
            value = rest.pop(0)
        name = value
    module = bool(rest) and rest[0] == "-m"
    if module:
        rest.pop(0)
    if not rest:
        _usage_error(f"expected the {'module' if module else 'script'} to run")
    from . import _launch

    if module:
        _launch.run_module(rest[0], rest[1:], name)
    else:
        _launch.run_script(rest[0], rest[1:], name)


def _usage_error(problem: str) -> None:
    sys.stderr.write(f"{USAGE}\ngradsight: {problem}\n")
    sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
