"""What a recording tells: how the run ended, what went bad first, what led to it and what to change.

Only what was recorded is told; where several explanations remain, none is chosen.
"""

from __future__ import annotations

import math
import time
from statistics import median
from typing import Any, Dict, List, NamedTuple, Optional

from . import _checkpoints
from ._flights import EXPLOSION, INCIDENT, LAST, NONFINITE, Flight, Step
from .metrics.nonfinite_cause import INPUT, OPERATION, WEIGHTS, layer_of, named_rows

GREW = 10.0
FEWEST_CALM = 10
CALM_SHARE = 0.25
"""The threshold to begin with after an explosion, as a share of the median norm before it: that of ``server/advice``."""


class Story(NamedTuple):
    title: str
    ended: str
    happened: List[str]
    steps: List[Step]
    """What led to it, the bad step last; else the last steps."""
    checkpoints: List[str]
    changes: List[str]


def tell(flight: Flight) -> Story:
    run = flight.hello["run"]
    rank = f", rank {flight.hello['rank']} of {flight.hello['worldSize']}" if flight.hello["worldSize"] > 1 else ""
    incident = flight.incident
    steps = _steps(flight)
    return Story(
        title=f"{run['name']} (run {run['id']}{rank})",
        ended=_ended(flight),
        happened=_happened(flight, steps) if incident else [_quiet(flight, steps)],
        steps=steps,
        checkpoints=_checkpoints.lines(flight.checkpoints, incident, run["host"], steps[-1].number if steps else None),
        changes=_changes(flight, steps),
    )


def _steps(flight: Flight) -> List[Step]:
    if flight.incident is not None:
        return flight.steps.get((INCIDENT, flight.incident["series"]), [])
    last = [steps for (part, _), steps in flight.steps.items() if part == LAST and steps]
    return max(last, key=lambda steps: steps[-1].time) if last else []


def _ended(flight: Flight) -> str:
    outcome = flight.outcome
    if outcome is None:
        if flight.running:
            return "It is still running."
        written = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(flight.written))
        return (
            "Its process ended without a word: it was killed (SIGKILL, as by the system when memory runs out), or its"
            f" native code crashed. The last sign of it is from {written}."
        )
    error = str(outcome["error"] or "").strip().splitlines()
    last = f": {error[-1]}" if error else ""
    if outcome["status"] == "finished":
        return "It ran to its end."
    if outcome["status"] == "interrupted":
        return f"It was interrupted{last}."
    return f"It failed{last}."


def _happened(flight: Flight, steps: List[Step]) -> List[str]:
    incident = flight.incident or {}
    bad = steps[-1] if steps else None
    lines = []
    if incident["kind"] == NONFINITE:
        batch = incident["data"].get("batch")
        which = f"step {incident['step']}" + (f" (batch {batch}, counted from 0)" if batch is not None else "")
        said = [f"{label} was {_number(bad.scalars[name])}" for name, label in _SHOWN if bad and name in bad.scalars]
        lines.append(f"The first bad one was {which}" + (f": {' and '.join(said)}." if said else "."))
        told = [event for event in flight.events if _is_of(event, incident)]
        if any(incident["data"].get(known) for known in ("cause", "parameter", "check")):
            lines += [str(event["message"]) for event in told]
        lines += _backwards(bad)
    else:
        lines.append(
            f"At step {incident['step']} the gradient norm had been more than 100 times its usual for 5 steps:"
            f" {_number(bad.scalars.get('norm_pre')) if bad else '?'}."
        )
    growth = _growth(steps)
    if growth is not None:
        lines.append(growth)
    return lines


_SHOWN = (("loss", "the loss"), ("norm_pre", "the gradient norm"))


def _is_of(event: Dict[str, Any], incident: Dict[str, Any]) -> bool:
    return all(event[key] == incident[key] for key in ("kind", "series", "step"))


def _backwards(bad: Optional[Step]) -> List[str]:
    """With a loss that was fine, the gradients tell how far the backward pass came, which goes from last to first."""
    if bad is None or not math.isfinite(bad.scalars.get("loss", math.nan)):
        return []
    names = list(bad.layers)
    wrong = [name for name in names if not math.isfinite(bad.layers[name])]
    if not wrong or len(wrong) == len(names):
        return []
    if len(wrong) == 1:
        return [f"The gradients of the other {len(names) - 1} parameters were finite."]
    return [f"Of {len(names)} parameters {len(wrong)} had bad gradients, from {wrong[-1]} back to {wrong[0]}."]


def _growth(steps: List[Step]) -> Optional[str]:
    norms = _finite_norms(steps)
    calm = _calm(norms)
    if not calm or max(norms) <= GREW * median(calm):
        return None
    # Most of a training that has settled is calm after its largest norm: that one explains nothing.
    before = norms[: norms.index(max(norms))]
    if 2 * sum(norm <= max(calm) for norm in before) < len(calm):
        return None
    largest = max(steps, key=lambda step: _finite_norm(step) or 0.0)
    most = _largest(largest)
    where = f", most of it in {most}" if most else ""
    start = median(calm) if len(calm) >= FEWEST_CALM else calm[0]
    return f"The norm had grown from {_number(start)} to {_number(max(norms))}{where}."


def _quiet(flight: Flight, steps: List[Step]) -> str:
    if not steps:
        return "No step was recorded."
    return f"No step was non-finite, and none exploded. The last one recorded is step {steps[-1].number}."


def _changes(flight: Flight, steps: List[Step]) -> List[str]:
    incident = flight.incident
    if incident is None:
        if flight.outcome is None and not flight.running:
            return ["Look in the system's log (dmesg, journalctl -k) or the scheduler's for what killed the process."]
        return []
    data = incident["data"]
    grew = _growth(steps) is not None
    changes: List[str] = []
    cause, operation, layer = data.get("cause"), data.get("operation"), layer_of(data.get("parameter"))
    if cause == INPUT:
        rows = f", {named_rows(data['rows'])}" if data.get("rows") else ""
        changes.append(
            f"Look at batch {data.get('batch')}{rows}: the data held values that are not finite before the model saw"
            " them. Repair or drop them where the data is loaded, or skip a batch that holds any."
        )
    elif cause == OPERATION and not grew:
        changes.append(_OPERATIONS.get(str(operation), f"Look at what {operation} gets (near layer {layer})."))
    elif cause == WEIGHTS:
        changes.append("The update before this step made them so: look at its norm and learning rate below.")
    elif incident["kind"] == NONFINITE and not grew and "loss" in _last(steps) and math.isfinite(_last(steps)["loss"]):
        changes.append(
            "The loss was fine and its gradient was not: an operation whose derivative is infinite where it stood, such"
            " as sqrt or a norm at 0, or a division by nearly 0. PyTorch names it for this batch under"
            " torch.autograd.set_detect_anomaly(True)."
        )
    if grew or incident["kind"] == EXPLOSION or cause == WEIGHTS:
        changes += _against_explosion(flight, steps)
    if incident["kind"] == NONFINITE and "threshold" in _last(steps) and cause != WEIGHTS and not data.get("check"):
        changes.append(
            "Clipping can't repair a norm that is not finite: it spreads to every gradient. Stop there instead"
            " (error_if_nonfinite=True) or leave that update out."
        )
    return changes


_OPERATIONS = {
    **{
        name: f"Keep what {name} gets away from 0 (clamp_min), or work with the logarithm from the start"
        " (log_softmax, logsigmoid, the losses that take logits)."
        for name in ("log", "log2", "log10", "log1p")
    },
    "sqrt": "Keep what sqrt gets above 0 (clamp_min).",
    "div": "Keep the divisor away from 0 (add a small number, or clamp_min).",
}


def _against_explosion(flight: Flight, steps: List[Step]) -> List[str]:
    norms = _finite_norms(steps)
    calm = _calm(norms)
    last = _last(steps)
    rate = f", which was {_number(last['lr'])}" if "lr" in last else ""
    acted = "threshold" in last and any(norm > last["threshold"] for norm in norms)
    if acted:
        return [f"Clipping at {_number(last['threshold'])} did not hold it: lower the learning rate{rate}."]
    number = ""
    if len(calm) >= FEWEST_CALM:
        start = float(f"{CALM_SHARE * median(calm):.2g}")
        number = f", at {_number(start)} to begin with (a quarter of the median norm of {len(calm)} calm steps before)"
    if "threshold" in last:
        never = f"Clipping at {_number(last['threshold'])} never acted: no norm before was that large"
        return [f"{never}. Clip lower{number}.", f"Or lower the learning rate{rate}."]
    site = next(
        (series["site"] for series in flight.hello["series"] if series["id"] == (flight.incident or {})["series"]), None
    )
    where = f" before the update at {site['file']}:{site['line']}" if site else ""
    return [f"Clip the gradient norm{where}{number}.", f"Or lower the learning rate{rate}."]


def _last(steps: List[Step]) -> Dict[str, float]:
    return steps[-1].scalars if steps else {}


def _finite_norm(step: Step) -> Optional[float]:
    norm = step.scalars.get("norm_pre", math.nan)
    return norm if math.isfinite(norm) else None


def _finite_norms(steps: List[Step]) -> List[float]:
    return [norm for norm in map(_finite_norm, steps) if norm is not None]


def _calm(norms: List[float]) -> List[float]:
    """The norms before they grew."""
    if len(norms) < 4:
        # Too few to tell what was usual; what grows at each step, and a thousandfold in all, was so at the first alone.
        steep = all(later > GREW * norm for norm, later in zip(norms, norms[1:]))
        return norms[:1] if steep and norms and norms[-1] > GREW**3 * norms[0] else []
    first = median(norms[: max(4, len(norms) // 4)])
    return [norm for norm in norms if norm <= GREW * first]


def _largest(step: Step) -> Optional[str]:
    """The parameter with the largest gradient, and its share of the whole norm's square."""
    squares = {name: norm * norm for name, norm in step.layers.items()}
    total = sum(squares.values())
    if not squares or not math.isfinite(total) or total == 0:
        return None
    name = max(squares, key=lambda name: squares[name])
    return f"{name} ({squares[name] / total:.0%})"


def _number(value: Optional[float]) -> str:
    return "?" if value is None else f"{value:.4g}"
