"""Which cell of a notebook a line stands in, by what a real shell keeps of the cells that it ran."""

from __future__ import annotations

import hashlib
from typing import Any, Iterator, Optional

import pytest
from gradsight import _cell
from gradsight._protocol import Location
from gradsight._site import caller_frame, caller_location

pytest.importorskip("IPython", reason="IPython is not installed")
from IPython.core.interactiveshell import InteractiveShell

HERE = "place = here()"


def here() -> Any:
    return caller_location(caller_frame(1))


@pytest.fixture
def shell() -> Iterator[Any]:
    shell = InteractiveShell.instance()
    shell.user_ns.update(here=here, __vsc_ipynb_file__="/home/me/train.ipynb")
    yield shell
    InteractiveShell.clear_instance()


def place(shell: Any, cell: str) -> Optional[Location]:
    shell.user_ns.pop("place", None)
    shell.run_cell(cell, store_history=True).raise_error()
    found: Optional[Location] = shell.user_ns["place"]
    return found


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "cell, line",
    [
        (HERE, 1),
        (f"{HERE}\n\n", 1),
        (f"\n  \nx = 1\n{HERE}", 4),
        (f"%pwd\nfiles = !true\n{HERE}", 3),
        (f"text = '''\n%pwd\n'''\n{HERE}", 4),
        (f"x = 'é😀'; {HERE}", 1),
    ],
    ids=["one line", "line feeds at the end", "blank lines at the start", "magics", "a magic in a string", "Unicode"],
)
def test_a_line_is_found_in_its_cell(shell: Any, cell: str, line: int) -> None:
    assert place(shell, cell) == Location("/home/me/train.ipynb", line, sha256(cell.rstrip("\n")))


def test_a_function_is_found_in_the_cell_that_defines_it(shell: Any) -> None:
    cell = "def function():\n    return here()"
    shell.run_cell(cell, store_history=True)
    assert place(shell, "place = function()") == Location("/home/me/train.ipynb", 2, sha256(cell))


@pytest.mark.parametrize(
    "cell",
    [f"%%capture out\n{HERE}", f"%%time\n{HERE}", f"!true \\\n  again\n{HERE}"],
    ids=["what another cell makes", "what a magic runs", "a magic that shortens the cell"],
)
def test_what_is_not_sure_is_not_told(shell: Any, cell: str) -> None:
    found = place(shell, cell)
    assert found is not None and found.cell is None and not found.file.endswith(".ipynb")


def test_without_a_notebook_there_is_no_cell(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    del shell.user_ns["__vsc_ipynb_file__"]
    found = place(shell, f"x = 2\n{HERE}")
    assert found is not None and found.cell is None


def test_tells_the_cells_that_ran_each_once(shell: Any) -> None:
    before = len(_cell.ran() or [])
    for cell in ("first = 1", "   ", "first = 1", "second = 2\n"):
        shell.run_cell(cell, store_history=True)
    assert (_cell.ran() or [])[before:] == [sha256("first = 1"), sha256("second = 2")]
