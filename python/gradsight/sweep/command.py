"""``python -m gradsight sweep``: tries thresholds around the norm that a script's own training has.

First one trial of the script as it is, which tells what it is and how large its norms are; then all others.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import signal
import sys
from types import FrameType
from typing import Any, Dict, List, NoReturn, Optional

from .._children import is_launcher
from .._guard import tell
from .._trial import OWN
from .finished import Finished
from .grid import given, grid
from .lengths import STEPS, TIMES, Lengths, Training, lengths_for
from .longer import run_pairs, trials_of
from .own_runs import steps_of_last_run
from .progress import Progress
from .record import Record, norm_threshold
from .refusals import ALL, Refused, refuse, refuse_other_beginning, series_of
from .table import as_json, as_text, lines
from .trials import FINISHED, Result, Script, Trial, Wanted, run_all, updates_of
from .verdict import Verdict, judge, leader, named, part_tried


def sweep(arguments: List[str]) -> int:
    """Returns the exit code: 0 with or without a winner, 1 where the script could not be tried."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    options = _parser().parse_args(arguments[:cut])
    script = arguments[cut + 1 :]
    target = ["-m", options.module] if options.module else [options.script]
    if bool(options.module) == bool(options.script):
        _parser().error("expected one script, or -m and a module")
    if options.script and not os.path.isfile(options.script):
        _parser().error(f"there is no file {options.script}")
    if is_launcher(options.module or options.script):
        tell("a launcher trains in processes that it starts, which can't be tried. Name the training script itself.")
        return 1
    for path in filter(None, (options.write, options.progress)):
        if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            _parser().error(f"there is no folder for {path}")
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, _end)
    try:
        return _Sweep(options, target, script).run()
    except Refused as error:
        tell(str(error))
        _write(options.write, json.dumps({"refused": str(error)}))
        return 1
    except KeyboardInterrupt:
        tell("the sweep was interrupted, and nothing of it runs any more. Run it again to go on.")
        return 128 + signal.SIGINT


class _Sweep:
    def __init__(self, options: argparse.Namespace, target: List[str], arguments: List[str]) -> None:
        self._options = options
        self._file: Optional[str] = options.script or _file_of(options.module)
        kept = Result._fields, Training._fields
        self._finished = Finished(self._file, target, arguments, options.steps, options.series, sys.executable, kept)
        self._script = Script(target, arguments, self._finished.id)
        self._progress = Progress(options.progress)
        self._training: Optional[Training] = None
        self._lengths = self._suiting(None)
        self._results: List[Result] = []
        self._about: Dict[str, Any] = {}

    def run(self) -> int:
        options = self._options
        if not self._finished.take():
            raise Refused("the same sweep is under way already, in another terminal or window.")
        about, self._results = self._finished.open(options.fresh)
        self._training = self._known(about)
        self._lengths = self._suiting(self._training)
        if self._training is not None and not self._training.is_measured:
            self._tell(f"The last complete run of the script made {self._training.steps} steps.")
        self._tell(f"The script is run several times, {self._planned()}, and writes each time what it writes.")
        if about is None:
            about = self._first()
        elif self._results:
            self._tell(f"{len(self._results)} trials were done before (--fresh begins anew).")
        self._about = about
        settings = [OWN, *(options.thresholds or grid(about["norms"], about["threshold"]))]
        seeds = self._seeds(settings)
        short = [result for result in self._short() if result.seed < seeds and result.setting in settings]
        leading = leader(short, seeds) if seeds > 1 else None
        longer = [] if leading is None else self._longer(settings, seeds, leading)
        return self._report(settings, judge(short, seeds, leading, longer, self._training), short, longer, seeds)

    def _known(self, about: Optional[Dict[str, Any]]) -> Optional[Training]:
        """How long the script's own training is; as this sweep has found it before, so that it goes on as it began."""
        if about is not None:
            return about["training"] and Training(*about["training"])
        steps = steps_of_last_run(self._file, self._script.arguments, self._wanted_series())
        return None if steps is None else Training(steps, False)

    def _wanted_series(self) -> Optional[str]:
        return None if self._options.series == ALL else self._options.series

    def _suiting(self, training: Optional[Training]) -> Lengths:
        return lengths_for(training, self._options.steps, self._options.longer_steps)

    def _planned(self) -> str:
        return f"{self._lengths.short} steps each and the best for {self._lengths.longer} steps"

    def _short(self) -> List[Result]:
        return [result for result in self._results if result.asked == self._lengths.short]

    def _first(self) -> Dict[str, Any]:
        """One trial of the script as it is. What it tells is kept, and returned."""
        found: Dict[str, Any] = {}

        def done(result: Result, trial: Trial) -> None:
            found.update(self._look(result, trial.record))
            training = self._training = measured(result, self._training)
            found["training"] = training
            self._finished.about(found)
            self._done(result, trial)
            before, self._lengths = self._lengths, self._suiting(training)
            if training is not None and self._lengths != before:
                self._tell(f"The script's own training has {training.steps} steps: the trials have {self._planned()}.")

        self._run([Wanted(OWN, 0, self._lengths.short)], done, False, self._wanted_series())
        return found

    def _look(self, result: Result, record: Record) -> Dict[str, Any]:
        series = series_of(record, self._options.series, result)
        updates = updates_of(record, series)[: result.asked]
        threshold = norm_threshold(updates)
        if result.loss is None:
            raise Refused("no loss was seen, by which to compare.")
        return {
            "series": series,
            "clips": threshold is not None,
            "by_value": any(clip is not None and clip["kind"] == "value" for clip in record.clips.values()),
            "places": _places(record, series),
            "threshold": threshold,
            "norms": [update.norm for update in updates if update.norm is not None],
            "begins_at": updates[0].step,
            "device": record.device,
            "sources": record.sources,
        }

    def _seeds(self, settings: List[str]) -> int:
        """Runs what is missing: first whether seeds make a difference, then all. Returns how many seeds do."""
        seeds: int = self._options.seeds
        self._expect(self._trials(settings, seeds), seeds > 1)
        if seeds > 1:
            self._run_missing(self._trials([OWN], seeds))
            if _same_for_all_seeds(self._short()):
                seeds = 1
                self._expect(self._trials(settings, seeds), False)
        self._run_missing(self._trials(settings, seeds))
        return seeds

    def _trials(self, settings: List[str], seeds: int) -> List[Wanted]:
        return [Wanted(setting, seed, self._lengths.short) for seed in range(seeds) for setting in settings]

    def _longer(self, settings: List[str], seeds: int, leading: str) -> List[Result]:
        short, wanted = self._trials(settings, seeds), trials_of(leading, seeds, self._lengths.longer)
        self._tell(f"{named(leading)} is ahead, and is tried for {self._lengths.longer} steps beside the present setting.")
        self._expect(short + wanted, False)

        def run(pair: List[Wanted]) -> List[Result]:
            self._run_missing(pair)
            return self._results

        longer = run_pairs(wanted, run)
        self._expect(short + [Wanted(each.setting, each.seed, each.asked) for each in longer], False)
        return longer

    def _run_missing(self, wanted: List[Wanted]) -> None:
        about = self._about
        self._run(wanted, self._done, not about["clips"], about["series"])

    def _run(self, wanted: List[Wanted], done: Any, inserts: bool, series: Optional[str]) -> None:
        def start(each: Wanted) -> Trial:
            return Trial(self._script, each, series, inserts, self._finished.folder)

        def look(trial: Trial) -> None:
            refuse(trial.record)
            if self._about:
                refuse_other_beginning(trial.record, series, self._about["begins_at"])
            self._progress.see(trial)

        run_all(wanted, start, look, series, self._jobs(), self._results, done)

    def _jobs(self) -> int:
        on_gpu = self._about.get("device") not in (None, "cpu")
        return self._options.jobs or (1 if on_gpu else min(2, os.cpu_count() or 1))

    def _expect(self, wanted: List[Wanted], more: bool) -> None:
        self._progress.of(wanted, self._results, self._jobs(), more)

    def _done(self, result: Result, trial: Trial) -> None:
        self._results.append(result)
        self._finished.add(result)
        self._progress.ended(trial, result)
        self._progress.tell(self._results)
        loss = "" if result.loss is None else f", loss {result.loss:.5g}"
        why = f" ({result.reason})" if result.reason else ""
        setting = "as it is" if result.setting == OWN else f"threshold {result.setting}"
        rest = self._progress.rest()
        self._tell(
            f"{setting}, seed {result.seed}: {result.outcome} after {result.steps} steps{loss}{why}{rest and f'; {rest}'}"
        )

    def _report(self, settings: List[str], verdict: Verdict, short: List[Result], longer: List[Result], seeds: int) -> int:
        about = self._about
        tables = lines(settings, short), lines(settings, longer)
        notes = []
        if seeds < self._options.seeds:
            notes.append(
                "Seeds had no effect: the script sets its own. Where it takes one as an argument, say {seed} there."
            )
            verdict = Verdict(None, "Without seeds that differ nothing can be told from chance.")
        if about["by_value"]:
            notes.append("The script clips by value, too, which was left as it is.")
        part = part_tried(short + longer, self._training)
        notes += [] if part is None else [part]
        training = None if self._training is None else self._training.steps
        told = json.dumps(
            {**as_json(*tables, verdict, notes), "training": training, **about["places"]}, indent=2, allow_nan=False
        )
        _write(self._options.write, told)
        if self._options.json:
            print(told)
        else:
            print(as_text(*tables, verdict, notes))
        return 0

    def _tell(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def measured(first: Result, known: Optional[Training]) -> Optional[Training]:
    """What the first trial says of the training's length: all, where the script came to its end before the trial's."""
    if first.outcome == FINISHED and first.steps < first.asked:
        return Training(first.steps, True)
    return None if known is not None and first.steps > known.steps else known


def _places(record: Record, series: Optional[str]) -> Dict[str, Any]:
    """Where the threshold would be written: the update, and the clip, if there is one by norm."""
    name = series if series is not None else next(iter(record.updates))
    clip = record.clips.get(name)
    by_norm = clip is not None and clip["kind"] == "norm"
    return {"site": record.sites.get(name), "clip": clip["location"] if clip is not None and by_norm else None}


def _same_for_all_seeds(results: List[Result]) -> bool:
    """Whether the script's own training begins alike with all seeds."""
    beginnings = [result.first_losses for result in results if result.setting == OWN]
    first = beginnings[0]
    return all(
        len(each) == len(first) and all(abs(a - b) <= 1e-5 * abs(a) for a, b in zip(each, first)) for each in beginnings
    )


def _write(file: Optional[str], told: str) -> None:
    if file:
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(told)


def _file_of(module: str) -> Optional[str]:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return None if spec is None else spec.origin


def _end(number: int, _frame: Optional[FrameType]) -> NoReturn:
    sys.exit(128 + number)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gradsight sweep",
        description="Runs a script several times, with clipping thresholds around the norm of its gradients,"
        " and the best one for longer, and tells whether it is better than the present one.",
        epilog="Arguments of the script come after --; {seed} in them becomes the trial's seed.",
    )
    parser.add_argument("script", nargs="?", metavar="SCRIPT")
    parser.add_argument("-m", dest="module", metavar="MODULE", help="a module instead of a script")
    parser.add_argument(
        "--steps",
        type=_positive,
        help=f"updates of the optimizer in each short trial ({STEPS}, or fewer of a short training)",
    )
    parser.add_argument(
        "--longer-steps",
        type=_positive,
        metavar="N",
        help=f"and in those that the leader has to pass ({TIMES} times as many, or the whole training)",
    )
    parser.add_argument("--seeds", type=_positive, default=2, help="short trials of each threshold (2)")
    parser.add_argument("--jobs", type=_positive, help="trials at a time (1 on a GPU, at most 2 on a CPU)")
    parser.add_argument("--thresholds", type=given, help="instead of multiples of the median norm, say 0.5,1,none")
    parser.add_argument("--series", help="which optimizer, where there are several, or 'all'")
    parser.add_argument("--fresh", action="store_true", help="forget the trials that were done before")
    parser.add_argument("--write", metavar="FILE", help="write the result there, too, as --json would print it")
    parser.add_argument("--progress", metavar="FILE", help="keep there how many trials are done, as JSON")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser
