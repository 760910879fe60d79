"""What the hooks of PyTorch share: every optimizer's gradients, the pass or scaler step under way, and a series an optimizer."""

from __future__ import annotations

import sys
import weakref
from types import FrameType
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from .._protocol import Location
from .._session import Session
from .._site import caller_location
from ..metrics.nonfinite_cause import Cause
from .marks import Marks
from .torch_culprit import Culprits
from .torch_gradients import ALL, EXACTLY, Clip, Gradients
from .torch_passes import Passes
from .torch_reading import Number, Reader, fetch
from .torch_resume import updates_before
from .torch_series import TorchSeries

if TYPE_CHECKING:
    from .graph_control import GraphControl
    from .graph_trial import GraphTrial
    from .torch_control import TorchControl
    from .torch_pause import TorchPause
    from .torch_trial import TorchTrial


class Scaling(NamedTuple):
    """A gradient scaler's ``step`` that is under way."""

    optimizer: Any
    scale: Optional[Number]
    unscaled_at: float
    """Clips of a lower order saw gradients that were still scaled."""


class Part(NamedTuple):
    """What an optimizer updated inside a backward pass: its parameters, their gradients' norms [parameters], its clips."""

    optimizer: Any
    parameters: List[Any]
    each: Any
    clips: List[Tuple[Clip, str]]


class Pass:
    """A backward pass that is under way."""

    def __init__(self, loss: Optional[Number]) -> None:
        self.loss = loss
        self.parts: List[Part] = []
        """Updates that were made inside it."""
        self.site: Optional[Location] = None
        """Of the first of them."""


class TorchRecorder:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.trial: "Optional[TorchTrial]" = None
        """What this process is a trial of: its clipping is the trial's."""
        self.graph_trial: "Optional[GraphTrial]" = None
        """The same, for what is no optimizer of PyTorch."""
        self.control: "Optional[TorchControl]" = None
        """What the user may change of this run. Beside a trial, the one thing that acts on the training."""
        self.graph_control: "Optional[GraphControl]" = None
        """The same, for what is no optimizer of PyTorch."""
        self.pause: "Optional[TorchPause]" = None
        """Where the user wants the training to wait before an update that is not finite."""
        self.reader = Reader()
        self.marks = Marks(lambda: self.session.identity)
        self.passes = Passes(self.marks)
        self.culprits = Culprits()
        self.scaling: Optional[Scaling] = None
        self.unscaled_at: "weakref.WeakKeyDictionary[Any, int]" = weakref.WeakKeyDictionary()
        self.passing: Optional[Pass] = None
        self.moved: List[Callable[[Session], object]] = []
        """Called with the next session: what rides on this recorder has series of its own."""
        self.hears_losses: Optional[Callable[[Number], object]] = None
        """Told of each pass's loss, for updates that aren't made by an optimizer of PyTorch."""
        self.unheard = 0
        """Not 0 while updates are made that are no updates of the training, or are recorded otherwise."""
        self.refused: Dict[Gradients, Any] = {}
        """Updates that a clip has raised instead of: see ``torch_refusal``."""
        self.compiles_updates = False
        """Whether torch.compile has traced an update, which no hook sees then."""
        self._living: "List[Tuple[weakref.ref[Any], Gradients]]" = []
        """Of every optimizer."""
        self._gradients: "Dict[int, Tuple[weakref.ref[Any], Gradients]]" = {}
        """The same by the optimizers' ids, of which a later one may have that of one that is gone. A dictionary with weak keys takes
        several times as long."""
        self._series: "weakref.WeakKeyDictionary[Any, TorchSeries]" = weakref.WeakKeyDictionary()
        self._scaled: Optional[Tuple[Any, Any]] = None
        self._order = 0
        self._is_first_run = True
        self._warned_captured = False
        session.before_close(self._read_all)

    def move(self, session: Session) -> None:
        """From here on each optimizer's updates are a new series of this session."""
        self.session = session
        self._is_first_run = False
        self._series.clear()
        session.before_close(self._read_all)
        for moved in self.moved:
            moved(session)

    def scaled(self, loss: Any, result: Any) -> None:
        """A gradient scaler made ``result`` of ``loss``."""
        self._scaled = (weakref.ref(result), loss.detach())

    def unscaled(self, root: Any) -> Any:
        """The loss from which a gradient scaler made ``root``, or ``root`` itself."""
        if self._scaled is not None and self._scaled[0]() is root:
            return self._scaled[1]
        return root

    def next_order(self) -> int:
        self._order += 1
        return self._order

    def gradients_of(self, optimizer: Any) -> Gradients:
        """Call it as soon as there is an optimizer: passes and clips before that are not seen to be its own."""
        known = self._gradients.get(id(optimizer))
        if known is None or known[0]() is not optimizer:
            known = self._gradients[id(optimizer)] = weakref.ref(optimizer, self._bury), Gradients()
            self._living = [*self._living, known]
        return known[1]

    def _bury(self, dead: "weakref.ref[Any]") -> None:
        self._living = [known for known in self._living if known[0] is not dead]
        self._gradients = {key: known for key, known in self._gradients.items() if known[0] is not dead}

    def all_gradients(self) -> "List[Tuple[Any, Gradients]]":
        """Of each optimizer that there still is."""
        found = [(optimizer(), gradients) for optimizer, gradients in self._living]
        return [known for known in found if known[0] is not None]

    def begin_pass(self, loss: Optional[Number], frame: Optional[FrameType]) -> Pass:
        """``frame``: who calls, where an update may have been missed."""
        if self.refused:
            self._goes_on()
        for known, gradients in self._living:
            optimizer = known()
            if optimizer is None:
                continue
            if self.compiles_updates:
                self._look_for_missed(optimizer, gradients, frame)
            gradients.begin_pass(optimizer)
        self.passing = Pass(loss)
        return self.passing

    def end_pass(self, passing: Pass) -> None:
        self.passing = None
        if self.hears_losses is not None and passing.loss is not None:
            self.hears_losses(passing.loss)
        touched = bool(passing.parts)
        for _, gradients in self._living:
            if gradients.end_pass(passing.loss, self.compiles_updates):
                touched = True
        if not touched:
            for _, gradients in self._living:
                gradients.look_anew()

    def zeroed(self, optimizer: Any, frame: Optional[FrameType]) -> None:
        """``frame``: who calls, where an update may have been missed."""
        if self.refused:
            self._goes_on()
        gradients = self.gradients_of(optimizer)
        if self.compiles_updates:
            self._look_for_missed(optimizer, gradients, frame)
        gradients.forget()

    def parameters_zeroed(self, ids: Tuple[int, ...], frame: FrameType) -> None:
        """The gradients of these parameters: whose all are among them starts anew."""
        for optimizer, gradients in self.all_gradients():
            if gradients.coverage(optimizer, ids) in (EXACTLY, ALL):
                self.zeroed(optimizer, frame)

    def traced(self) -> None:
        """torch.compile is about to run an update inside a graph."""
        self.compiles_updates = True
        for gradients in [gradients for _, gradients in self._living]:
            gradients.watch_weights()

    def captured(self, optimizer: Any) -> None:
        """An update went into a graph of the device's, in which nothing of ours may be, nor a series begin."""
        if not self._warned_captured:
            self._warned_captured = True
            owner = self._series.get(optimizer)
            self.session.event(
                "warning",
                "An update was captured into a CUDA graph. No hook sees it when the graph is replayed: its steps are"
                " missing here. Call the optimizer's step outside of the graph to see them.",
                None if owner is None else owner.series,
            )

    def _look_for_missed(self, optimizer: Any, gradients: Gradients, frame: Optional[FrameType]) -> None:
        """Weights that changed without a ``step`` tell of an update in a graph; where there is none, of nothing."""
        if gradients.weights_changed():
            gradients.forget()
            owner = self.series_of(optimizer, frame)
            if owner is not None:
                owner.missed()

    def name_of(self, parameter: Any) -> Optional[str]:
        """What the user's code calls a parameter of any optimizer."""
        names = (series.name_of(parameter) for series in list(self._series.values()))
        return next((name for name in names if name is not None), None)

    def cause_of(self, losses: List[Optional[Number]]) -> Optional[Cause]:
        """Why one of these losses, which were differentiated, is not finite, if it is not, and that is known."""
        culprit = self.culprits.of(losses)
        if culprit is None:
            return None
        cause, parameter = culprit
        return cause._replace(parameter=None if parameter is None else self.name_of(parameter))

    def _goes_on(self) -> None:
        """The script does without the updates that a clip has raised instead of."""
        while self.refused:
            _, update = self.refused.popitem()
            update.skipped, update.skips = True, f"The script's own check ({update.check})"
            update.end()

    def _read_all(self) -> None:
        while self.refused:  # they have ended it
            self.refused.popitem()[1].end()
        try:
            for series in list(self._series.values()):
                fetch(self.reader, list(series.series.norms))
        finally:  # a device that is out of memory has still got the numbers of the last steps
            self.reader.drain()

    def ended_step(self, optimizer: Any) -> None:
        """An update was made, or skipped, and is recorded: a trial ends after some of them, and control acts between them."""
        self.passes.updated(optimizer)
        if self.trial is None and self.control is None:
            return
        owner = self._series.get(optimizer)
        if owner is None:
            return
        if self.trial is not None:
            self.trial.made(owner)
        if self.control is not None:
            self.control.made(owner)

    def clipped(self, clip: Clip) -> None:
        for known, gradients in self._living:
            optimizer = known()
            if optimizer is not None:
                gradients.clipped(optimizer, clip)

    def known_series(self, optimizer: Any) -> Optional[TorchSeries]:
        return self._series.get(optimizer)

    def series_of(self, optimizer: Any, frame: Optional[FrameType]) -> Optional[TorchSeries]:
        """The series of this optimizer, begun at its first update. ``frame``: who calls."""
        found = self._series.get(optimizer)
        if found is None:
            found = TorchSeries.begin(self.session, [optimizer], frame, caller_location(frame))
            if found is not None and self._is_first_run:
                found.begin_at(updates_before(optimizer))
            if found is not None:
                self._series[optimizer] = found
                self.marks.began(optimizer, found)
        return found

    def series_of_all(
        self, optimizers: List[Any], frame: Optional[FrameType], site: Optional[Location]
    ) -> Optional[TorchSeries]:
        """The one series of optimizers that update together, at ``site``. ``frame``: from where the model is in sight."""
        known = (self._series.get(optimizer) for optimizer in optimizers)
        found = next((series for series in known if series is not None), None)
        if found is None:
            found = TorchSeries.begin(self.session, optimizers, frame, site)
        if found is not None:
            for optimizer in optimizers:
                if optimizer not in self._series:
                    self._series[optimizer] = found
                    self.marks.began(optimizer, found)
        return found


def torch() -> Any:
    return sys.modules["torch"]
