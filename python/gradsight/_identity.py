"""Who this process is: the run that it belongs to, its attempt and its rank among the run's processes."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import socket
import sys
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ._checkout import describe_code
from ._children import PARENT_VARIABLE
from ._protocol import cut

RUN_VARIABLE = "GRADSIGHT_RUN"
"""Set by a starter that wants to know the run's id beforehand."""


class Identity(NamedTuple):
    run: str
    attempt: str
    rank: int
    world_size: int
    group: Optional[str]
    """What all ranks that were started together have, and no others; None of a process by itself."""


def identify() -> Identity:
    rank, world_size = _number("RANK", 0), max(1, _number("WORLD_SIZE", 1))
    return Identity(_run_id(world_size), secrets.token_hex(8), rank, world_size, _group(world_size))


def joined(identity: Identity) -> Identity:
    """This process once it has begun to train: one that ``multiprocessing`` started has no rank before it joins its group."""
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return identity
    rank, world_size = int(distributed.get_rank()), int(distributed.get_world_size())
    if (rank, world_size) == (identity.rank, identity.world_size):
        return identity
    return Identity(_run_id(world_size), identity.attempt, rank, world_size, _group(world_size))


def _run_id(world_size: int) -> str:
    given, parent = (os.environ.get(variable, "") for variable in (RUN_VARIABLE, PARENT_VARIABLE))
    if _ID.fullmatch(given):
        return given
    if world_size > 1:
        return parent if _ID.fullmatch(parent) else _launch_id()
    return secrets.token_hex(8)


def _group(world_size: int) -> Optional[str]:
    """Of the launch, and of the restart within it: a launcher starts all ranks again when one has died."""
    if world_size < 2:
        return None
    return f"{_launch_id()}-{_number('TORCHELASTIC_RESTART_COUNT', 0)}-{_number('MASTER_PORT', 0)}"


_ID = re.compile(r"[\w.-]{1,64}")


def describe_run(id: str, name: Optional[str], script: Optional[str]) -> Dict[str, Any]:
    """Of ``runInfo`` all but the framework. Asked at once: the interpreter forgets ``__file__`` before it ends."""
    script, cwd = script or _script(), _cwd()
    return {
        "id": id,
        "name": cut(name or (os.path.basename(script) if script else "interactive"), 256),
        "script": script and cut(script, 4096),
        "args": [cut(argument, 4096) for argument in sys.argv[1:1001]],
        "cwd": cut(cwd, 4096),
        "python": platform.python_version(),
        "host": cut(socket.gethostname(), 256),
        "pid": os.getpid(),
        "startedAt": time.time(),
        "code": describe_code(script, cwd),
    }


def _script() -> Optional[str]:
    main = sys.modules.get("__mp_main__") or sys.modules.get("__main__")  # the former in a process that was spawned
    file = getattr(main, "__file__", None)
    return os.path.abspath(file) if isinstance(file, str) else None


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:  # deleted under us
        return ""


def _number(variable: str, default: int) -> int:
    try:
        return max(0, int(os.environ[variable]))
    except (KeyError, ValueError):
        return default


def _launch_id() -> str:
    """One id for all processes that a launcher started, restarts included: they share the launcher and its own id."""
    parts: List[str] = [socket.gethostname(), str(os.getppid()), os.environ.get("TORCHELASTIC_RUN_ID", "")]
    try:
        with open(f"/proc/{os.getppid()}/stat", encoding="ascii", errors="replace") as stream:
            parts.append(stream.read().rpartition(")")[2].split()[19])  # when the launcher started: pids come back
    except (OSError, IndexError):
        parts.append(os.environ.get("MASTER_PORT", ""))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
