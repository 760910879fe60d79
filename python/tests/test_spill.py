"""Spill files and the box of what is not acknowledged yet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from conftest import ROOT
from gradsight import _spill
from gradsight._outbox import WINDOW, Outbox
from gradsight._spill import FRAME, JSON, Record, SpillFile

GOLDEN = ROOT / "protocol" / "golden"
SPILLS = json.loads((GOLDEN / "index.json").read_text(encoding="utf-8"))["spills"]
HELLO = b'{"type":"hello"}'


@pytest.mark.parametrize("golden", SPILLS, ids=lambda golden: golden["file"])
def test_reads_the_golden_files(golden: Dict[str, Any]) -> None:
    records = list(_spill.read(str(GOLDEN / golden["file"])))
    assert len(records) == len(golden["records"])
    for record, expected in zip(records, golden["records"]):
        if expected["kind"] == 0:
            assert json.loads(record.payload) == expected["message"]
        else:
            assert record.payload == (GOLDEN / expected["frame"]).read_bytes()


def test_writes_the_golden_file(tmp_path: Path) -> None:
    records = list(_spill.read(str(GOLDEN / "spill" / "whole.gsspill")))
    file = SpillFile(str(tmp_path / "new" / "folder"), "whole", records[0].payload)
    for record in records[1:]:
        assert file.append(record)
    assert Path(file.path).read_bytes() == (GOLDEN / "spill" / "whole.gsspill").read_bytes()
    assert Path(file.path).stat().st_mode & 0o777 == 0o600


def test_is_bounded_with_a_reserve_for_last_words(tmp_path: Path) -> None:
    file = SpillFile(str(tmp_path), "full", HELLO, limit=_spill.RESERVE + 1000)
    kept = sum(file.append(Record(FRAME, b"x" * 100)) for _ in range(20))
    assert 0 < kept < 20
    assert file.append(Record(JSON, b"{}"), last_words=True)
    assert Path(file.path).stat().st_size <= file.limit


def frame(seq: int) -> Record:
    return Record(FRAME, b"frame %d" % seq)


def filled(count: int) -> Outbox:
    outbox = Outbox()
    for seq in range(count):
        outbox.put(frame(seq))
    return outbox


def sent(outbox: Outbox) -> List[bytes]:
    return [record.payload for record in outbox.to_send()]


def test_sends_again_what_was_not_acknowledged() -> None:
    outbox = filled(5)
    outbox.connected(0)
    assert sent(outbox) == [frame(seq).payload for seq in range(5)]
    outbox.acknowledge(2)
    outbox.disconnected()
    outbox.connected(3)
    assert sent(outbox) == [frame(seq).payload for seq in (3, 4)]
    outbox.acknowledge(5)
    assert outbox.all_acknowledged
    assert outbox.has_room


def test_sends_no_more_than_the_window_ahead() -> None:
    outbox = filled(WINDOW + 10)
    outbox.connected(0)
    assert len(sent(outbox)) == WINDOW
    outbox.acknowledge(4)
    assert len(sent(outbox)) == 4


def test_sends_the_spill_file_before_what_came_later(tmp_path: Path) -> None:
    outbox = filled(3)
    outbox.put_unnumbered(Record(JSON, b'{"type":"series"}'))
    outbox.put(frame(3))
    assert outbox.spill(str(tmp_path), "run", HELLO)
    outbox.put(frame(4))
    outbox.connected(1)
    assert sent(outbox) == [frame(seq).payload for seq in (1, 2, 3, 4)]
    outbox.acknowledge(3)
    assert list(tmp_path.iterdir())
    outbox.acknowledge(4)
    assert not list(tmp_path.iterdir())


def test_begins_where_its_memory_begins_when_the_store_was_lost(tmp_path: Path) -> None:
    outbox = filled(WINDOW * 3)
    outbox.connected(0)
    outbox.acknowledge(WINDOW * 2)
    outbox.disconnected()
    outbox.connected(0)
    assert sent(outbox)[0] == frame(WINDOW * 2).payload


def test_starts_a_new_file_when_the_editor_took_the_old_one(tmp_path: Path) -> None:
    outbox = filled(2)
    outbox.spill(str(tmp_path), "run", HELLO)
    (tmp_path / "run.gsspill").unlink()
    outbox.put(frame(2))
    outbox.spill(str(tmp_path), "run", HELLO)
    assert [r.payload for r in _spill.read(str(tmp_path / "run.gsspill"))] == [HELLO, frame(2).payload]
    outbox.connected(2)
    assert sent(outbox) == [frame(2).payload]


def test_has_no_room_beyond_its_bound() -> None:
    outbox = Outbox(memory_limit=30)
    while outbox.has_room:
        outbox.put(frame(outbox.next_seq))
    assert outbox.next_seq == 5
    assert not outbox.spill(None, "run", HELLO)
