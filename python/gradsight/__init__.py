"""Gradsight's probe: records the gradient norms of a training run and sends them to the editor on this machine.

Nothing here raises into the training, blocks it, or imports a framework that the script has not imported itself.
"""

from __future__ import annotations

from typing import Any, Optional

__version__ = "0.1.0"
__all__ = ["log", "note", "watch"]


def watch(name: Optional[str] = None, allow_control: bool = False) -> None:
    """Records this process from here on, as ``python -m gradsight run`` does for a whole script.

    Call it once, before or after importing the framework. Does nothing under ``python -m gradsight run`` and in
    data-loading workers. Where no editor has said how to reach it, the last steps alone are recorded, and kept in the
    user's state folder if the run goes wrong: ``python -m gradsight why`` tells of them.

    ``name`` is shown in the list of runs; the script's name by default. ``allow_control``: lets the dashboard change the
    clipping threshold while the script runs, if the user asks for it.
    """
    from ._process import watch

    watch(name, allow_control)


def log(
    step: Optional[int] = None,
    *,
    norm: Any = None,
    loss: Any = None,
    threshold: Any = None,
    norm_post: Any = None,
    lr: Any = None,
    series: str = "train",
) -> None:
    """Records one update of a loop that hooks can't see: hand-written training, or another framework.

    ``step`` counts updates (``None``: continue the count); several calls for one step add up to one point.
    ``norm`` is the global gradient norm before clipping, ``norm_post`` the one after it, ``threshold`` the clipping
    threshold in force. All are numbers, or anything that ``float()`` takes; NaN and infinity are recorded as such.
    """
    from ._log import log_step

    log_step(step, norm=norm, norm_post=norm_post, threshold=threshold, loss=loss, lr=lr, series=series)


def note(message: str, step: Optional[int] = None) -> None:
    """Marks this moment of the run with a message: a new phase, a change of data, a restart of the schedule.

    ``message`` is what ``str()`` makes of it, ``step`` what ``int()`` takes and not below 0. Says nothing where no run is
    recorded.
    """
    from ._note import note

    note(message, step)


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext gradsight``: records each cell that trains from here on, as a run of its own."""
    from ._notebook import load

    load(shell)
