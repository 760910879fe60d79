"""Which cell of which notebook a line of code stands in: as far as IPython's own record of what it ran shows for sure.

A cell is compiled under the name of a file that there is not. IPython keeps, by that name, the code that it made of the cell
and the number of the execution, and, by number, the cell as it was sent. A cell is known by the hash of its text, since
nothing tells the kernel which one it is.
"""

from __future__ import annotations

import hashlib
import linecache
import os
import sys
from typing import Any, List, Optional

from ._guard import Guard
from ._protocol import Location

MAX_CELLS = 1000

_guard = Guard("finding cells")


@_guard
def location(file: str, line: int) -> Optional[Location]:
    """The place in a notebook, with ``line`` counted in its cell; None where ``file`` is no cell's, or it can't be told."""
    shell = _shell()
    if shell is None or file not in getattr(shell.compile, "_filename_map", {}):
        return None
    path, cell = notebook(shell), _source(shell, file)
    if path is None or cell is None:
        return None
    code = "".join(linecache.getlines(file)).rstrip("\n")
    blank = _leading_blank_lines(cell)
    made = shell.transform_cell(cell).rstrip("\n")
    if made != code or len(code.splitlines()) != len(cell.rstrip("\n").splitlines()) - blank:
        return None  # a cell that another one made, or a magic of several lines
    return Location(path, line + blank, hash_of(cell))


@_guard
def ran() -> Optional[List[str]]:
    """The hashes of the latest cells that ran in this process, each once; None where it is no kernel."""
    shell = _shell()
    if shell is None:
        return None
    sources = [source for source in _history(shell)[-MAX_CELLS:] if source.strip()]
    return list(dict.fromkeys(map(hash_of, sources)))


def notebook(shell: Any) -> Optional[str]:
    """The notebook's path, as far as the front end tells: VS Code and Jupyter do, each in its way."""
    path = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    return os.path.abspath(path) if isinstance(path, str) and path.endswith(".ipynb") else None


def hash_of(cell: str) -> str:
    """SHA-256 of a cell's text with line feeds, and none at its end: IPython's record has none."""
    text = cell.replace("\r\n", "\n").rstrip("\n")
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _shell() -> Any:
    """The ``InteractiveShell`` of this process."""
    ask = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return None if ask is None else ask()


def _source(shell: Any, file: str) -> Optional[str]:
    """The cell as it was sent."""
    history, number = _history(shell), shell.compile._filename_map[file]
    return history[number] if 0 < number < len(history) else None


def _history(shell: Any) -> List[str]:
    cells: List[str] = shell.history_manager.input_hist_raw
    return cells


def _leading_blank_lines(cell: str) -> int:
    """Which IPython takes away."""
    lines = cell.splitlines()
    return next((number for number, line in enumerate(lines) if line.strip()), 0)
