"""The Python processes that a recorded one starts are recorded, too, whatever started them: ``torchrun``, ``accelerate
launch``, ``multiprocessing``, a shell script between them.
"""

from __future__ import annotations

import os
from typing import FrozenSet, NamedTuple

PARENT_VARIABLE = "GRADSIGHT_PARENT"
"""The run to which the ranks among the children belong."""

CONTROL_VARIABLE = "GRADSIGHT_CONTROL"
"""The launcher whose training the user may control, by its process id; and whether the training is to pause."""

_PAUSES = "pauses"

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_inherit")

# Programs that start the training in other processes and do none themselves.
LAUNCHERS = frozenset(
    [
        "torch.distributed.run",
        "torch.distributed.launch",
        "accelerate.commands.launch",
        "accelerate.commands.accelerate_cli",
        "deepspeed.launcher.runner",
        "torchrun",
        "accelerate",
        "deepspeed",
    ]
)

INDIRECT = frozenset(["deepspeed.launcher.runner", "deepspeed"])
"""Those of them that start a launcher of their own, which starts the training."""


def adopt() -> None:
    """Lets the Python processes that this one starts from now on be recorded once they take a step."""
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if _FOLDER not in folders:
        os.environ["PYTHONPATH"] = os.pathsep.join([_FOLDER, *filter(None, folders)])


def belong_to(run: str) -> None:
    """The ranks among the processes that this one starts are ranks of ``run``; the others are runs of their own."""
    os.environ[PARENT_VARIABLE] = run


class Allowed(NamedTuple):
    """What ``run`` was told of the training: ``--allow-control`` and ``--pause-on-nonfinite``."""

    control: bool
    pause: bool


def allow(allowed: Allowed) -> None:
    """To what this process, a launcher, starts."""
    if allowed.control:
        os.environ[CONTROL_VARIABLE] = f"{os.getpid()} {_PAUSES if allowed.pause else ''}"


def allowed_by_launcher() -> Allowed:
    """To this process. What its own children find in the environment is not theirs: nobody has asked for it there."""
    launcher, *more = os.environ.get(CONTROL_VARIABLE, "").split()[:2] or [""]
    is_own = launcher == str(os.getppid())
    return Allowed(is_own, is_own and more == [_PAUSES])


def is_launcher(name: str) -> bool:
    """Whether this module or script starts trainings and is none."""
    return bool(LAUNCHERS & _names(name))


def is_indirect(name: str) -> bool:
    """Whether what this launcher starts is no training yet."""
    return bool(INDIRECT & _names(name))


def _names(name: str) -> FrozenSet[str]:
    """Of a module, or of a script without its folder and suffix."""
    return frozenset([name, os.path.splitext(os.path.basename(name))[0]])
