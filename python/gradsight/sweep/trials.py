"""The processes of a sweep: started, watched, ended early where they are hopeless, and never left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Callable, Dict, List, NamedTuple, Optional

from .._trial import NONE, OWN, RECORD, VARIABLE, Plan, write_plan
from .record import Record, Update, last_losses, loss_of, norm_threshold

PERIOD = 0.2
"""Seconds between two looks at the trials."""

GRACE = 5.0
"""Seconds for a trial to end by itself when it is told to."""

WORDS = 65_536
"""Bytes at the end of what a trial printed, in which its last line is looked for."""

PATIENCE = 60.0
"""Seconds that the script may take, after its last step, for what it does at its end."""

MARGIN = 2.0
"""How many times the range of all the others a loss has to lie above them, halfway, to be hopeless."""

FINISHED, DIVERGED, STOPPED, FAILED = "finished", "diverged", "stopped", "failed"


class Result(NamedTuple):
    """What has become of a trial; kept as JSON."""

    setting: str
    seed: int
    asked: int
    """Steps that it was meant to make."""
    outcome: str
    reason: str
    steps: int
    loss: Optional[float]
    """The mean over the last tenth of the steps."""
    half: Optional[float]
    """The same at half of the steps."""
    threshold: Optional[float]
    """The one in force at the end."""
    clip_rate: Optional[float]
    """The share of the steps whose norm was above it."""
    first_losses: List[float]
    last_losses: List[Optional[float]]
    """Some of the last tenth of the steps, the same ones in all trials of so many steps."""


class Wanted(NamedTuple):
    setting: str
    seed: int
    steps: int


class Script(NamedTuple):
    """What is tried."""

    target: List[str]
    """A script's path, or ``-m`` and a module."""
    arguments: List[str]
    sweep: str


class Trial:
    """One process, with its folder."""

    def __init__(self, script: Script, wanted: Wanted, series: Optional[str], inserts: bool, folder: str) -> None:
        self.wanted = wanted
        self.folder = tempfile.mkdtemp(prefix="trial-", dir=folder)
        self.record = Record(os.path.join(self.folder, RECORD))
        self.started_at = time.monotonic()
        self.first_step_at: Optional[float] = None
        self.last_step_at: Optional[float] = None
        plan = Plan(script.sweep, wanted.setting, series, inserts, wanted.steps, wanted.seed, os.getpid())
        write_plan(self.folder, plan)
        with open(os.path.join(self.folder, "output.txt"), "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gradsight", "run", "--trial", self.folder, *script.target]
                + [argument.replace("{seed}", str(wanted.seed)) for argument in script.arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(self.folder),
                start_new_session=True,
            )

    def ended(self) -> bool:
        """Reads on. A script that doesn't end after its last step is ended."""
        over = self.process.poll() is not None
        self.record.read_on()
        if self.first_step_at is None and self.record.updates:
            self.first_step_at = time.monotonic()
        if self.last_step_at is None and any(len(each) >= self.wanted.steps for each in self.record.updates.values()):
            self.last_step_at = time.monotonic()
        if not over and self.last_step_at is not None and time.monotonic() - self.last_step_at > PATIENCE:
            self.end()
            over = True
        return over

    def end(self) -> None:
        """Ends the process and all that it has started. May be called again."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(GRACE)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self) -> None:
        self.signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        self.process.wait()

    def signal(self, number: int) -> None:
        try:
            if os.name == "posix":
                os.killpg(self.process.pid, number)
            else:
                self.process.terminate()
        except (ProcessLookupError, PermissionError):  # nobody is left in the group
            pass

    def last_words(self) -> str:
        """The last line of what it printed."""
        with open(os.path.join(self.folder, "output.txt"), "rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - WORDS))
            text = stream.read().decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it printed nothing"

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _environment(folder: str) -> Dict[str, str]:
    """The user's own, without what belongs to runs: a trial is told to no editor, and its recordings go with it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRADSIGHT_")}
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.pathsep.join(filter(None, [package, kept.get("PYTHONPATH", "")]))
    return {**kept, "PYTHONPATH": path, VARIABLE: folder, "GRADSIGHT_STATE": folder}


def updates_of(record: Record, series: Optional[str]) -> List[Update]:
    """Of the series by which the trials are judged; of the first one where it is all of them."""
    name = series if series is not None else next(iter(record.updates), None)
    return record.updates.get(name, []) if name is not None else []


def halfway(updates: List[Update], steps: int) -> Optional[float]:
    """The loss at half of the steps; None before that."""
    return loss_of(updates[: steps // 2]) if len(updates) >= steps // 2 > 0 else None


def is_hopeless(loss: Optional[float], others: List[float]) -> bool:
    """Whether a loss at half of the steps is above all others by far. ``others``: those of at least two settings."""
    if loss is None or len(others) < 2:
        return False
    return loss > max(others) + MARGIN * (max(others) - min(others)) and loss > max(others)


def result_of(trial: Trial, series: Optional[str], stopped: Optional[str]) -> Result:
    """``stopped``: why it was ended before its time, if it was."""
    setting, seed, steps = trial.wanted
    updates = updates_of(trial.record, series)[:steps]  # a compiled step may have been made a few times more
    outcome, reason = FINISHED, ""
    found = norm_threshold(updates)
    status = (trial.record.outcome or {}).get("status")
    if any(update.is_bad for update in updates):
        outcome, reason = DIVERGED, "a loss or a norm was not finite"
    elif stopped is not None:
        outcome, reason = STOPPED, stopped
    elif status != "finished" and len(updates) < steps:
        outcome, reason = FAILED, trial.last_words()
    elif not updates:
        outcome, reason = FAILED, "no update was seen"
    elif setting not in (OWN, NONE) and not _in_force(updates, float(setting)):
        outcome, reason = FAILED, "the threshold could not be put in force"
    return Result(
        setting=setting,
        seed=seed,
        asked=steps,
        outcome=outcome,
        reason=reason,
        steps=len(updates),
        loss=loss_of(updates),
        half=halfway(updates, steps),
        threshold=found,
        clip_rate=sum(u.is_clipped for u in updates) / len(updates) if updates and found is not None else None,
        first_losses=[u.loss for u in updates[:5] if u.loss is not None],
        last_losses=last_losses(updates),
    )


def _in_force(updates: List[Update], threshold: float) -> bool:
    """At every step that was clipped at all: a script may begin to clip later."""
    seen = [u.threshold for u in updates if u.threshold is not None]
    return bool(seen) and all(abs(each - threshold) <= 1e-5 * threshold for each in seen)


def still_to_run(wanted: List[Wanted], results: List[Result]) -> List[Wanted]:
    """A setting that has gone bad with one seed can't win: its other seeds are left out, but for the script's own
    setting, which all are compared with."""
    done = {Wanted(result.setting, result.seed, result.asked) for result in results}
    lost = {result.setting for result in results if result.outcome != FINISHED} - {OWN}
    return [each for each in wanted if each not in done and each.setting not in lost]


def run_all(
    wanted: List[Wanted],
    start: Callable[[Wanted], Trial],
    look: Callable[[Trial], None],
    series: Optional[str],
    jobs: int,
    known: List[Result],
    done: Callable[[Result, Trial], None],
) -> None:
    """Runs what is wanted and not yet ``known``, ``jobs`` at a time, in this order, and tells of each as it is done.

    ``look`` sees each trial as its record grows, and may raise.
    Whatever ends this, an error or a signal that raises, ends the trials that run.
    """
    running: List[Trial] = []
    waiting, results = list(wanted), list(known)
    try:
        while waiting or running:
            waiting = still_to_run(waiting, results)
            while waiting and len(running) < jobs:
                running.append(start(waiting.pop(0)))
            time.sleep(PERIOD)
            for trial in list(running):
                over, stopped = trial.ended(), None
                look(trial)
                if not over:
                    stopped = _why_stop(trial, running, results, series)
                    if stopped is not None:
                        trial.end()
                        trial.record.read_on()
                if over or stopped is not None:
                    trial.kill()  # what it has left running
                    trial.record.read_on()
                    running.remove(trial)
                    results.append(result_of(trial, series, stopped))
                    try:
                        done(results[-1], trial)
                    finally:
                        trial.remove()
    finally:
        _end_all(running)


def _end_all(running: List[Trial]) -> None:
    """A second signal must not keep this from ending them."""
    numbers = {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    for trial in running:
        trial.signal(signal.SIGTERM)
    for trial in running:
        trial.end()
        trial.remove()
    for number, handler in before.items():
        signal.signal(number, handler)


def _why_stop(trial: Trial, running: List[Trial], results: List[Result], series: Optional[str]) -> Optional[str]:
    setting, _, steps = trial.wanted
    updates = updates_of(trial.record, series)
    if any(update.is_bad for update in updates):
        return "a loss or a norm was not finite"
    if setting == OWN or len(updates) >= steps:
        return None
    others = {
        (r.setting, r.seed): r.half for r in results if r.half is not None and r.outcome == FINISHED and r.asked == steps
    }
    for other in running:
        half = halfway(updates_of(other.record, series), steps)
        if half is not None and other.wanted.steps == steps:
            others[other.wanted.setting, other.wanted.seed] = half
    of_others = [half for (each, _), half in others.items() if each != setting]
    if len({each for each, _ in others} - {setting}) < 2:
        return None
    return "far behind all others at half of the steps" if is_hopeless(halfway(updates, steps), of_others) else None
