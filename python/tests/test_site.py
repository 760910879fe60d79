"""Where in the user's code something was called, however it was called before."""

from __future__ import annotations

import sys
import sysconfig
from types import CodeType, ModuleType
from typing import Any, Callable, Dict, Tuple

import pytest
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


def test_a_framework_in_a_checkout_is_passed_over_and_a_file_of_its_name_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(framework: str, file: str, place: str) -> str:
        module = ModuleType(framework)
        module.__file__ = file
        monkeypatch.setitem(sys.modules, framework, module)
        inner = defined("def function():\n    return located()", place, located=located)
        found: Any = defined("def function():\n    return inner()", "/home/me/train.py", inner=inner)()
        return str(found.file)

    loop = "/home/me/ignite/ignite/engine/loop.py"
    assert of("ignite", "/home/me/ignite/ignite/__init__.py", loop) == "/home/me/train.py"
    assert of("flax", "/home/me/flax.py", "/home/me/other.py") == "/home/me/other.py"
