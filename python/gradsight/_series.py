"""One optimizer's (or one hand-logged loop's) sequence of updates, from the training thread to frames.

The training thread only appends to deques, which needs no lock; the sender's thread takes rows out and packs them. Where that
thread is held up (by a disk that hangs, by a training that leaves it no time), so much waits and no more: the rest is a gap.
"""

from __future__ import annotations

from array import array
from collections import deque
from typing import Any, Deque, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from . import _protocol
from ._frame import Column, column
from ._layer_source import LayerCode
from ._module_source import Origin
from ._protocol import Clip, Location
from ._room import Share
from ._scalars import SCALARS

ROWS_PER_FRAME = 8192
VALUES_PER_FRAME = 500_000
ROW_BYTES = 435
"""Of an update in memory, about, and of each rate of a parameter group besides: what waits is bounded by it (``_room``). The
sender's thread may have taken as many."""
RATE_BYTES = 32
FLIGHT_STEPS = 50
"""Steps that the flight recorder keeps at full resolution."""

_NAN = float("nan")

Values = Sequence[Optional[float]]


class Row(NamedTuple):
    """One update. ``values`` stand in the order of ``SCALARS``; None is "not recorded", NaN was seen."""

    step: int
    time: float
    values: Values
    flags: int
    group_lr: Tuple[float, ...] = ()
    """The learning rate of each parameter group, where there are several."""


class LayerSample(NamedTuple):
    """The gradient norm of each parameter before clipping, at one step, and, where measured, the norm of its weights.

    ``are_shares``: of gradients that are spread over the ranks, this rank's shares of the norms.
    """

    step: int
    table: str
    norms: "array[float]"
    weights: "Optional[array[float]]" = None
    are_shares: bool = False

    @property
    def size(self) -> int:
        """In bytes."""
        return 4 * len(self.norms) * (1 if self.weights is None else 2)


class LayerNorms:
    """The same for the flight recorder: of every step, as a tensor that nobody has read yet.

    A tensor on a device is put in its place on the CPU by the training thread, when the last steps are wanted.
    """

    __slots__ = ("coming", "factor", "norms", "step", "table", "_numbers")

    def __init__(self, step: int, table: str, norms: Any, factor: float) -> None:
        """``norms``: a tensor [layers]; ``factor``: by which to multiply it."""
        self.step = step
        self.table = table
        self.norms = norms
        self.factor = factor
        self.coming = False
        """Whether a copy is on its way from the device."""
        self._numbers: "Optional[array[float]]" = None

    @classmethod
    def known(cls, step: int, table: str, numbers: "array[float]") -> LayerNorms:
        """Of norms that are numbers already."""
        made = cls(step, table, None, 1.0)
        made._numbers = numbers
        return made

    def numbers(self) -> "Optional[array[float]]":
        """None while the tensor is on a device."""
        if self._numbers is None and self.norms.device.type == "cpu":
            self._numbers = array("f", [norm * self.factor for norm in self.norms.tolist()])
        return self._numbers


class Batch(NamedTuple):
    """What goes into one frame."""

    rows: List[Row]
    samples: List[LayerSample]
    """All of one table, and all shares or none."""

    @property
    def table(self) -> Optional[str]:
        return self.samples[0].table if self.samples else None

    @property
    def are_shares(self) -> bool:
        return bool(self.samples) and self.samples[0].are_shares

    def columns(self) -> Dict[str, Column]:
        return {**encode_rows(self.rows), **encode_samples(self.samples)}


class Series:
    def __init__(self, id: str, label: str, optimizer: Optional[str], site: Optional[Location]) -> None:
        self.id = id
        self.label = label
        self.optimizer = optimizer
        self.site = site
        self.clip: Optional[Clip] = None
        self.fixed: Optional[str] = "The clipping threshold of this run can't be changed while it goes on."
        """Why the user can't change the threshold, even of a run that allows it; None: it can be changed there."""
        self.layers: Dict[str, List[str]] = {}
        self.origins: Dict[str, Origin] = {}
        """By parameter name; filled before the first layer table is."""
        self._code = LayerCode(self.origins)
        self.rows: Deque[Row] = deque()
        self._share = Share()
        self.samples: Deque[LayerSample] = deque()
        self._share_of_samples = Share()
        self.gaps: Deque[Tuple[int, int]] = deque()
        """The first and the last of steps in a row for which there was no room."""
        self._gap: Optional[Tuple[int, int]] = None
        """The one that is not over."""
        self.norms: Deque[LayerNorms] = deque(maxlen=FLIGHT_STEPS)
        self.norms_at_incident: Optional[List[LayerNorms]] = None
        self._announced: Optional[Tuple[Any, ...]] = None

    def add(self, row: Row) -> None:
        """Of the training thread."""
        size = ROW_BYTES + RATE_BYTES * len(row.group_lr)
        if self.finds_room(row.step, self._share, len(self.rows), size):
            self.rows.append(row)

    def finds_room(self, step: int, share: Share, waiting: int, size: int) -> bool:
        """Whether another item of this step and size may wait beside so many. Otherwise the step is part of a gap."""
        if not share.has_room((waiting + 1) * size):
            self._gap = (step if self._gap is None else self._gap[0], step)
            return False
        if self._gap is not None:
            self.gaps.append(self._gap)
            self._gap = None
        return True

    def add_sample(self, sample: LayerSample) -> None:
        """Of the training thread. What is left out, as a sample, is no gap."""
        if not self.samples or self._share_of_samples.has_room((len(self.samples) + 1) * sample.size):
            self.samples.append(sample)

    def add_layers(self, names: List[str]) -> str:
        """The id of the layer table with these names, made if it is new: a table never changes."""
        for table, known in self.layers.items():
            if known == names:
                return table
        table = f"layers-{len(self.layers)}"
        self.layers = {**self.layers, table: names}
        return table

    def description(self) -> Dict[str, Any]:
        return _protocol.series_info(
            self.id, self.label, self.optimizer, self.site, self.clip, self.layers, self._code.of(self.layers), self.fixed
        )

    def changed(self) -> bool:
        """Whether the description has changed since this was last asked."""
        now = (self.site, self.clip, len(self.layers), self.fixed)
        changed, self._announced = now != self._announced, now
        return changed

    def forget(self) -> None:
        """Nothing more is recorded."""
        self.rows = deque(maxlen=0)
        self.samples = deque(maxlen=0)
        self.norms = deque(maxlen=0)
        self._share.is_left_with(0)
        self._share_of_samples.is_left_with(0)

    def settle(self, final: bool) -> None:
        """Makes rows, and events, of what has arrived since; ``final``: of what may still change, too. The sender's
        thread calls it before it takes either."""

    def take_gaps(self, final: bool) -> List[Tuple[int, int]]:
        """Those that are over; ``final``: all of them."""
        gaps = take_all(self.gaps)
        if final and self._gap is not None:
            gaps.append(self._gap)
            self._gap = None
        return gaps

    def take(self) -> List[Row]:
        """Takes the rows that are ready, in order of steps."""
        return take_all(self.rows)

    def batches(self) -> Iterator[Batch]:
        """Takes all that is ready, in portions that make frames of bearable size."""
        samples = take_all(self.samples)
        self._share_of_samples.is_left_with(0)
        rows = self.take()
        self._share.is_left_with(0)
        while rows or samples:
            count = _alike(rows)
            part, rows = rows[:count], rows[count:]
            taken = samples[: _alike_samples(samples)]
            del samples[: len(taken)]
            yield Batch(part, taken)


def encode_rows(rows: Sequence[Row]) -> Dict[str, Column]:
    """Columns of one frame: a scalar's column is absent when no row has it; ``present`` says which values are real."""
    columns = {
        "step": column("I64", [row.step for row in rows]),
        "time": column("F64", [row.time for row in rows]),
    }
    everywhere, somewhere = 0, [0] * len(rows)
    for bit, values in enumerate(zip(*(row.values for row in rows))):
        if None not in values:
            everywhere |= 1 << bit
            columns[SCALARS[bit]] = column("F64", values)
        elif values.count(None) < len(values):
            for index, value in enumerate(values):
                if value is not None:
                    somewhere[index] |= 1 << bit
            columns[SCALARS[bit]] = column("F64", [_NAN if value is None else value for value in values])
    if rows and rows[0].group_lr:
        groups = [rate for row in rows for rate in row.group_lr]
        columns["group_lr"] = column("F64", groups, (len(rows), len(rows[0].group_lr)))
    columns["present"] = column("U32", [everywhere | bits for bits in somewhere])
    columns["flags"] = column("U8", [row.flags for row in rows])
    return columns


def encode_samples(samples: Sequence[LayerSample]) -> Dict[str, Column]:
    columns = {}
    weighed = [(sample.step, sample.weights) for sample in samples if sample.weights is not None]
    for kind, taken in (("layer", [(sample.step, sample.norms) for sample in samples]), ("weight", weighed)):
        if taken:
            norms: "array[float]" = array("f")
            for _, values in taken:
                norms.extend(values)
            columns[f"{kind}_step"] = column("I64", [step for step, _ in taken])
            columns[f"{kind}_norm"] = column("F32", norms, (len(taken), len(taken[0][1])))
    return columns


def _alike(rows: Sequence[Row]) -> int:
    """How many rows from the first on fit into one frame: those with as many parameter groups."""
    count = min(len(rows), ROWS_PER_FRAME)
    return next((i for i in range(count) if len(rows[i].group_lr) != len(rows[0].group_lr)), count)


def _alike_samples(samples: Sequence[LayerSample]) -> int:
    """How many samples from the first on fit into one frame."""
    if not samples:
        return 0
    first = samples[0]
    room = max(1, VALUES_PER_FRAME // max(1, len(first.norms)))
    count = 1
    for sample in samples[1:room]:
        if (sample.table, sample.are_shares) != (first.table, first.are_shares):
            break
        count += 1
    return count


def take_all(items: Deque[Any]) -> List[Any]:
    """What another thread has appended so far."""
    taken = []
    try:
        while True:
            taken.append(items.popleft())
    except IndexError:
        return taken
