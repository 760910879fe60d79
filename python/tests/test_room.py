"""What waits for the sender's thread is bounded over all series together, and what finds no room is a gap that is told."""

from __future__ import annotations

from array import array
from collections import deque
from typing import Any, Iterator, List

import pytest
from gradsight import _room
from gradsight._identity import identify
from gradsight._room import Share
from gradsight._scalars import NORM_PRE, SCALARS
from gradsight._series import ROW_BYTES, LayerSample, Row, Series
from gradsight._session import Session
from gradsight.frameworks.graph_series import HAPPENED, GraphSeries, arrange


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sets how many there are, and of what size."""

    def are(count: int, size: int) -> None:
        monkeypatch.setattr(_room, "PORTION", size)
        monkeypatch.setattr(_room, "_portions", deque(range(count)))

    yield are


def add(series: Series, steps: range) -> None:
    values: List[Any] = [None] * len(SCALARS)
    for step in steps:
        series.add(Row(step, float(step), values, 0))


def taken(series: Series) -> List[int]:
    return [row.step for batch in series.batches() for row in batch.rows]


def test_queues_share_the_room_and_give_it_back(portions: Any) -> None:
    portions(2, 100)
    one, other = Share(), Share()
    assert one.has_room(100) and one.has_room(201) and other.has_room(100)
    assert not other.has_room(101)
    one.is_left_with(201)
    assert not other.has_room(101)
    one.is_left_with(150)
    assert other.has_room(101) and not other.has_room(201)
    one.is_left_with(0)
    assert other.has_room(201)
    other.is_left_with(0)
    assert len(_room._portions) == 2


def test_so_many_rows_wait_and_no_more(portions: Any) -> None:
    portions(1, 3 * ROW_BYTES)
    series, other = Series("s", "s", None, None), Series("t", "t", None, None)
    add(series, range(8))
    add(other, range(5))
    assert taken(other) == [0, 1, 2]  # what each has for itself
    assert taken(series) == [0, 1, 2, 3, 4, 5]
    assert series.take_gaps(final=False) == []  # it may go on
    add(other, range(5, 12))
    assert taken(other) == [5, 6, 7, 8, 9, 10]  # the room that the first one has given back
    assert other.take_gaps(final=False) == [(3, 4)]
    assert other.take_gaps(final=True) == [(11, 11)]
    assert other.take_gaps(final=True) == []


def test_rates_of_parameter_groups_take_room(portions: Any) -> None:
    portions(0, 3 * ROW_BYTES)
    series = Series("s", "s", None, None)
    for step in range(3):
        series.add(Row(step, float(step), [None] * len(SCALARS), 0, (0.1,) * 100))
    assert taken(series) == []
    assert series.take_gaps(final=True) == [(0, 2)]


def test_so_many_samples_wait_and_no_more(portions: Any) -> None:
    portions(0, 20)
    series = Series("s", "s", None, None)
    for width, steps in ((2, [0, 1, 2]), (7, [3, 4])):
        table = series.add_layers([str(layer) for layer in range(width)])
        for step in steps:
            series.add_sample(LayerSample(step, table, array("f", range(width))))
        kept = [sample.step for batch in series.batches() for sample in batch.samples]
        assert kept == ([0, 1] if width == 2 else [3])  # one finds room, however large it is


def test_a_run_that_is_forgotten_takes_no_room(portions: Any) -> None:
    portions(1, 3 * ROW_BYTES)
    series = Series("s", "s", None, None)
    add(series, range(5))
    assert not _room._portions
    series.forget()
    assert len(_room._portions) == 1
    add(series, range(5, 100))
    assert taken(series) == [] and len(_room._portions) == 1


def test_what_a_graph_says_finds_no_room(portions: Any) -> None:
    """Of what is left out only the updates are missing steps: where gradients are accumulated most of it is none."""
    session = Session(None, identify(), "tests", None)
    session._started = True  # without threads
    series = GraphSeries.begin(session, object(), "optax.sgd", None)
    assert series is not None
    layout, _ = arrange({HAPPENED: "graph", NORM_PRE: "graph"}, 0)
    portions(0, 4 * layout.size)
    for number in range(10):
        happened = number % 2
        series.arrive(layout, lambda row=[happened, number]: row)  # type: ignore[misc]
    series.settle(final=False)
    assert [(row.step, row.values[NORM_PRE]) for row in series.take()] == [(0, 1), (1, 3)]
    series.arrive(layout, lambda: [1, 10])
    for _ in range(5):
        series.arrive(layout, lambda: [1, 11])
    series.settle(final=True)
    assert [(row.step, row.values[NORM_PRE]) for row in series.take()] == [(5, 10), (6, 11), (7, 11), (8, 11)]
    gaps = [event["data"] for event in session._events if event["kind"] == "gap"]
    assert gaps == [{"from": 2, "to": 4}, {"from": 9, "to": 10}]
