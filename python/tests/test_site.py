"""Where in the user's code something was called, however it was called before."""

from __future__ import annotations

import sysconfig
from types import CodeType
from typing import Any, Callable, Dict, Tuple

from gradsight._site import caller_frame, caller_location

LIBRARY = f"{sysconfig.get_paths()['purelib']}/trainer/loop.py"


def located() -> Any:
    return caller_location(caller_frame(1))


def defined(source: str, file: str, **names: Any) -> Callable[[], Any]:
    """``function`` of this source, as if it stood in that file."""
    code: CodeType = compile(source, file, "exec")
    namespace: Dict[str, Any] = dict(names)
    exec(code, namespace)
    function: Callable[[], Any] = namespace["function"]
    return function


def test_each_call_through_a_library_is_placed_at_its_own_line() -> None:
    library = defined("def function():\n    return located()", LIBRARY, located=located)
    both = defined("def function():\n    first = fit()\n    return first, fit()", "/home/me/train.py", fit=library)
    for _ in range(2):  # known the second time
        found: Tuple[Any, Any] = both()  # type: ignore[assignment]
        assert [(place.file, place.line) for place in found] == [("/home/me/train.py", 2), ("/home/me/train.py", 3)]


def test_one_line_of_two_files_are_two_places() -> None:
    for file in ("/home/me/one.py", "/home/me/two.py", "/home/me/one.py"):
        assert defined("def function():\n    return located()", file, located=located)().file == file


def test_code_without_a_file_keeps_its_name() -> None:
    assert defined("def function():\n    return located()", "<cell 3>", located=located)().file == "<cell 3>"
