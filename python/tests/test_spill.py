"""Spill files and the box of what is not acknowledged yet."""

from __future__ import annotations

import json
import os
import time
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
    return [record.payload for record in iter(outbox.take, None)]


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
    assert outbox.spill(str(tmp_path), "run", lambda: HELLO)
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
    outbox.spill(str(tmp_path), "run", lambda: HELLO)
    (tmp_path / "run.gsspill").unlink()
    outbox.put(frame(2))
    outbox.spill(str(tmp_path), "run", lambda: HELLO)
    assert [r.payload for r in _spill.read(str(tmp_path / "run.gsspill"))] == [HELLO, frame(2).payload]
    outbox.connected(2)
    assert sent(outbox) == [frame(2).payload]


def test_has_no_room_beyond_its_bound() -> None:
    outbox = Outbox(memory_limit=30)
    while outbox.has_room:
        outbox.put(frame(outbox.next_seq))
    assert outbox.next_seq == 5
    assert not outbox.spill(None, "run", lambda: HELLO)


def test_the_file_keeps_what_is_under_way_too(tmp_path: Path) -> None:
    outbox = filled(3)
    outbox.connected(0)
    assert len(sent(outbox)) == 3
    outbox.put_unnumbered(Record(JSON, b'{"type":"series","n":1}'))
    outbox.put(frame(3))
    assert outbox.spill(str(tmp_path), "run", lambda: HELLO)
    kept = [record.payload for record in _spill.read(str(tmp_path / "run.gsspill"))]
    assert kept == [HELLO, *(frame(seq).payload for seq in range(3)), b'{"type":"series","n":1}', frame(3).payload]
    outbox.put(frame(4))
    assert sent(outbox) == [b'{"type":"series","n":1}', frame(3).payload, frame(4).payload]
    outbox.put(frame(5))
    assert outbox.spill(str(tmp_path), "run", lambda: HELLO)
    assert sent(outbox) == [frame(5).payload]
    outbox.acknowledge(6)
    assert not list(tmp_path.iterdir())
    outbox.put(frame(6))
    assert sent(outbox) == [frame(6).payload]


def test_after_a_greeting_the_file_s_descriptions_are_old(tmp_path: Path) -> None:
    outbox = filled(1)
    outbox.put_unnumbered(Record(JSON, b'{"type":"series","n":1}'))
    outbox.put(frame(1))
    outbox.spill(str(tmp_path), "run", lambda: HELLO)
    outbox.connected(0)
    assert sent(outbox) == [frame(0).payload, frame(1).payload]


def test_a_description_that_nothing_follows_stays(tmp_path: Path) -> None:
    outbox = filled(1)
    outbox.connected(0)
    outbox.put_unnumbered(Record(JSON, b'{"type":"series","n":1}'))
    assert outbox.spill(str(tmp_path), "run", lambda: HELLO)
    assert sent(outbox) == [frame(0).payload, b'{"type":"series","n":1}']


def test_a_story_is_sent_again_until_what_follows_it_has_arrived(tmp_path: Path) -> None:
    story = b'{"type":"story","story":{}}'
    outbox = filled(1)
    outbox.put_unnumbered(Record(JSON, story))
    outbox.connected(0)
    assert sent(outbox) == [frame(0).payload, story]
    outbox.acknowledge(1)
    assert outbox.spill(str(tmp_path), "run", lambda: HELLO) and not list(tmp_path.iterdir())
    outbox.connected(1)
    outbox.put(frame(1))
    assert sent(outbox) == [story, frame(1).payload]
    outbox.disconnected()
    assert outbox.spill(str(tmp_path), "run", lambda: HELLO)
    outbox.connected(1)
    assert sent(outbox) == [story, frame(1).payload]
    outbox.acknowledge(2)
    outbox.connected(2)
    assert sent(outbox) == [] and outbox._bytes == 0


def test_spills_only_what_has_waited(tmp_path: Path) -> None:
    outbox = filled(2)
    assert not outbox.spill(str(tmp_path), "run", lambda: HELLO, older_than=60)
    assert not list(tmp_path.iterdir())
    outbox._waiting[0] = outbox._waiting[0]._replace(since=0.0)
    assert outbox.spill(str(tmp_path), "run", lambda: HELLO, older_than=60)


def test_a_file_without_room_leaves_the_rest_in_memory(tmp_path: Path) -> None:
    outbox = filled(1)
    outbox.spill(str(tmp_path), "run", lambda: HELLO)
    assert outbox._spill is not None
    outbox._spill.limit = outbox._spill.size + _spill.RESERVE
    outbox.put(frame(1))
    assert not outbox.spill(str(tmp_path), "run", lambda: HELLO)
    outbox.connected(0)
    assert sent(outbox) == [frame(0).payload, frame(1).payload]
    outbox.acknowledge(1)
    assert not list(tmp_path.iterdir())
    outbox.disconnected()
    outbox.connected(1)
    assert sent(outbox) == [frame(1).payload]


def test_files_that_no_editor_takes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_spill, "KEPT_BYTES", 25)
    days = {"new": 0.5, "recent": 2, "older": 3, "old.gsspill.unreadable": 4, "ancient": 40}
    for name, age in days.items():
        file = tmp_path / (name if "." in name else f"{name}.gsspill")
        file.write_bytes(b"0123456789")
        os.utime(file, (time.time() - age * 86_400,) * 2)
    (tmp_path / "another.txt").write_text("not ours")
    outbox = filled(1)
    outbox.spill(str(tmp_path), "run", lambda: b"{}")
    assert {file.name for file in tmp_path.iterdir()} == {"run.gsspill", "new.gsspill", "another.txt"}
    monkeypatch.setattr(_spill, "KEPT_BYTES", 10**9)
    for name, age in days.items():
        file = tmp_path / (name if "." in name else f"{name}.gsspill")
        file.write_bytes(b"0123456789")
        os.utime(file, (time.time() - age * 86_400,) * 2)
    _spill.clean_up(str(tmp_path))
    assert not (tmp_path / "ancient.gsspill").exists()
    assert (tmp_path / "old.gsspill.unreadable").exists()
