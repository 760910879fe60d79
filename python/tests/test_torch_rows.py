"""The training thread leaves updates, and the sender's thread makes rows of them."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path
from typing import List

import pytest
import torch
from gradsight import _room
from gradsight._identity import identify
from gradsight._outbox import Outbox
from gradsight._scalars import SCALARS
from gradsight._series import Row
from gradsight._session import Session
from gradsight.frameworks import torch_series
from gradsight.frameworks.torch_series import UPDATE_BYTES, UpdateSeries
from recording import Recording
from torch_training import Seen, loss_of, network


class Made:
    """An update that is known."""

    def __init__(self, series: UpdateSeries, step: int) -> None:
        self.series = series
        self.step = step

    def settle(self) -> None:
        self.series.rows.append(Row(self.step, 0.0, [None] * len(SCALARS), 0))


def test_updates_that_find_no_room_are_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_room, "PORTION", 3 * UPDATE_BYTES)
    monkeypatch.setattr(_room, "_portions", deque([0]))
    series = UpdateSeries("s", "s", None, None)

    def leave(steps: range, parameters: int = 0) -> List[int]:
        for step in steps:
            series.leave(Made(series, step), parameters)
        series.settle(final=False)
        return [row.step for row in series.take()]

    assert leave(range(9)) == [0, 1, 2, 3, 4, 5]
    assert leave(range(9, 11)) == [9, 10]
    assert series.take_gaps(final=False) == [(6, 8)]
    assert len(_room._portions) == 1
    assert leave(range(11, 14), parameters=UPDATE_BYTES) == [11]  # one finds room, however many parameters it has
    assert series.take_gaps(final=True) == [(12, 13)]
    series.forget()
    assert leave(range(14, 16)) == []


def test_nothing_waits_where_rows_are_no_longer_made(capfd: pytest.CaptureFixture[str]) -> None:
    class Broken(Made):
        def settle(self) -> None:
            raise ValueError("no such number")

    series = UpdateSeries("s", "s", None, None)
    try:
        series.leave(Broken(series, 0), 0)
        series.settle(final=False)
        series.leave(Made(series, 1), 0)
        assert not series.updates
        assert "recording updates stopped, the training goes on: ValueError: no such number" in capfd.readouterr().err
    finally:
        torch_series._guard.failed = False


def test_an_event_comes_after_its_row(tmp_path: Path) -> None:
    """Also where the training goes on while rows are made."""
    session = Session(str(tmp_path / "nowhere"), identify(), "tests", None)
    session._started = True  # by hand
    series = session.series("sgd", None, None, kind=UpdateSeries)
    assert series is not None

    def collected() -> bytes:
        outbox = Outbox()
        session._collect(outbox)
        return b"".join(entry.record.payload for entry in outbox._waiting)

    def train() -> None:
        series.leave(Made(series, 1), 0)
        session.event("note", "of step 1", series, 1)

    class Slow(Made):
        def settle(self) -> None:
            super().settle()
            session.event("warning", "of the row", series, 0)
            training = threading.Thread(target=train)
            training.start()
            training.join()

    series.leave(Slow(series, 0), 0)
    first, second = collected(), collected()
    assert b"of the row" in first and b"of step 1" not in first
    assert b"of step 1" in second


def test_a_checkpoint_of_what_has_just_gone_bad_is_looked_at(recording: Recording, tmp_path: Path) -> None:
    """Before the row is made that says so."""
    model = network()
    optimizer = Seen(model.parameters(), lr=0.01)
    for factor in (1.0, float("nan")):
        optimizer.zero_grad()
        (loss_of(model) * factor).backward()
        optimizer.step()
        owner = recording.recorder._series[optimizer]
        if factor == 1.0:
            assert not owner.went_bad
            recording.steps(optimizer, 1)
        else:
            assert owner.went_bad
    torch.save(model.state_dict(), tmp_path / "last.pt")
    (mark,) = [event for event in recording.events(optimizer, 2) if event["kind"] == "checkpoint"]
    assert mark["data"]["weights"] is not None
