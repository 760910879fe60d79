"""The Python processes that a recorded one starts are recorded, too, whatever started them: ``torchrun``, ``accelerate
launch``, ``multiprocessing``, a shell script between them.
"""

from __future__ import annotations

import os

PARENT_VARIABLE = "GRADSIGHT_PARENT"
"""The run to which the ranks among the children belong."""

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


def adopt() -> None:
    """Lets the Python processes that this one starts from now on be recorded once they take a step."""
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if _FOLDER not in folders:
        os.environ["PYTHONPATH"] = os.pathsep.join([_FOLDER, *filter(None, folders)])


def belong_to(run: str) -> None:
    """The ranks among the processes that this one starts are ranks of ``run``; the others are runs of their own."""
    os.environ[PARENT_VARIABLE] = run


def is_launcher(name: str) -> bool:
    """Whether this module or script starts trainings and is none."""
    return name in LAUNCHERS or os.path.splitext(os.path.basename(name))[0] in LAUNCHERS
