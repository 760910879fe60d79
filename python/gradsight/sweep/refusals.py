"""Why there can be no sweep of a script, as far as its trials show it."""

from __future__ import annotations

from typing import List, Optional

from .record import Record
from .trials import FAILED, Result, updates_of

ALL = "all"
"""In place of a series: every one."""

IN_GRAPH = ("keras", "jax", "mlx")
"""Frameworks in which a step may be compiled."""


class Refused(Exception):
    """There can be no sweep of this script; the message says why."""


def series_of(record: Record, wanted: Optional[str], result: Result) -> Optional[str]:
    """The series that is tried; None: all. Raises ``Refused`` where the script can't be."""
    refuse(record)
    if not record.updates:
        why = f": {result.reason}" if result.outcome == FAILED else ", in the process that was started itself."
        raise Refused(f"no update of an optimizer was seen{why}")
    if result.outcome == FAILED:
        raise Refused(f"the script failed by itself: {result.reason}")
    if record.scaled is not None:
        raise Refused(f"{record.scaled} Mend that first.")
    if any(clip is not None and "deepspeed" in clip["function"].lower() for clip in record.clips.values()):
        raise Refused("DeepSpeed clips by itself, as its configuration says, and there are no trials of that yet.")
    names = list(record.updates)
    in_graph = record.framework in IN_GRAPH
    if in_graph:
        _refuse_other_clips(record, names if wanted is None else [wanted])
    if wanted == ALL:
        return None
    if wanted is not None and wanted not in names or wanted is None and len(names) > 1:
        raise Refused(f"there are several optimizers: say --series with one of {', '.join(names)}, or {ALL}.")
    return None if in_graph and len(names) == 1 else wanted or names[0]


def _refuse_other_clips(record: Record, names: List[str]) -> None:
    """Raises ``Refused`` where these are clipped otherwise than by the global norm of what their optimizer is given."""
    of_norm = [clip for clip in record.clips.values() if clip is not None and clip["kind"] == "norm"]
    for name in names if names != [ALL] else list(record.clips):
        clip = record.clips.get(name)
        if clip is not None and clip["kind"] != "norm":
            raise Refused(f"trials are about clips by the global norm, and {clip['function']} is another one.")
    if record.calls and not of_norm:
        raise Refused(f"{record.calls[0]} is called, but not on all that an optimizer is given, nor right before it.")


def refuse(record: Record) -> None:
    """Raises ``Refused`` where a trial has begun in which no threshold can be put in force, and which no step would end."""
    if record.framework not in (None, "torch", *IN_GRAPH):
        raise Refused(f"there are no trials for {record.framework} yet.")
    if record.by_hand:
        raise Refused("nothing can be tried in a loop that logs its steps by hand.")
    if record.refused is not None:
        raise Refused(record.refused)


def refuse_other_beginning(record: Record, series: Optional[str], step: int) -> None:
    """Raises ``Refused`` where a trial goes on from what another one has saved: how far it came is not its threshold's doing.

    Seen by the count of steps in the optimizer's state, which plain SGD hasn't got. What a graph tells need not come in order.
    """
    updates = updates_of(record, series) if record.framework not in IN_GRAPH else []
    if updates and updates[0].step != step:
        raise Refused(
            f"a trial began at step {updates[0].step}, and the first one at {step}: the script goes on from what a trial has"
            " saved. Let it save elsewhere where the environment names a folder for it, GRADSIGHT_TRIAL."
        )
