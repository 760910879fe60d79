"""The session of this process: begun once, again after it was closed, and anew in a fork."""

from __future__ import annotations

import multiprocessing
import os
from typing import TYPE_CHECKING, Any, Optional

from . import _children, _rendezvous
from ._guard import Guard, tell
from ._identity import identify
from ._session import Session

if TYPE_CHECKING:
    from ._trial import Trial

_session: Optional[Session] = None
_tried = False


def current() -> Optional[Session]:
    return _session


@Guard("gradsight.watch")
def watch(name: Any, allow_control: Any) -> None:
    """What ``gradsight.watch`` does, which takes whatever the script gives."""
    start(name=None if name is None else str(name), allow_control=bool(allow_control))


def start(
    name: Optional[str] = None,
    script: Optional[str] = None,
    waits: bool = False,
    trial: Optional[Trial] = None,
    allow_control: bool = False,
    pause_on_nonfinite: bool = False,
) -> Optional[Session]:
    """Starts the recording of this process, once.

    ``waits``: it is a run only once it takes a step. So is a worker of a pool or of a data loader. ``allow_control``: the
    user may change it while it goes on. ``pause_on_nonfinite``: and is waited for before an update that is not finite.
    """
    global _session, _tried
    if _tried:
        return _session
    _tried = True
    file = _rendezvous.path()
    waits = waits or multiprocessing.parent_process() is not None
    if file is None and not waits and trial is None:
        tell(
            f"no editor to report to ({_rendezvous.VARIABLE} is not set): only the last steps are recorded,"
            " and kept if the run goes wrong (python -m gradsight why)."
        )
    from . import _lifecycle, frameworks

    _session = Session(file, identify(), name, script)
    _lifecycle.install()
    recorder = frameworks.install(_session)
    if trial is not None:
        from .frameworks.graph_trial import GraphTrial
        from .frameworks.torch_trial import TorchTrial

        _session.is_trial(trial)
        recorder.trial = TorchTrial(trial, recorder)
        recorder.graph_trial = GraphTrial(trial, _session)
        trial.begin()
    if allow_control and trial is None:
        from .frameworks.graph_control import GraphControl
        from .frameworks.torch_control import TorchControl

        control = _session.allow_control()
        recorder.graph_control = GraphControl(control)
        recorder.control = TorchControl(control, recorder)
        pause = control.pauses(lambda: _session is not None and _session.is_connected) if pause_on_nonfinite else None
        if pause is not None:
            from .frameworks.torch_pause import TorchPause

            recorder.pause = TorchPause(pause)
    if not waits:
        _session.start()
        _children.belong_to(_session.identity.run)
    return _session


def again() -> Session:
    """After the recording of this process was closed: the next run in it."""
    global _session
    assert _session is not None
    _session = _session.again()
    return _session


_forks = Guard("recording a forked process")


@_forks
def _after_fork_in_child() -> None:
    """The parent reports. Where it has nothing to, as a server of ``forkserver`` that has loaded a framework, the child may."""
    global _session
    if _session is None:
        return
    waits = not _session.is_started and not _session.is_closed
    _session.forget()
    if waits:
        from . import frameworks

        _session = _session.in_fork()
        frameworks.move(_session)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
