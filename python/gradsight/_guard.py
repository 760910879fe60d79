"""What keeps the probe's own errors out of the training: the first failure of a part is told once and ends that part."""

from __future__ import annotations

import functools
import sys
from typing import Any, Callable, Optional, TypeVar

Result = TypeVar("Result")


def tell(message: str) -> None:
    """One line for the user, on stderr; silent where there is no stderr."""
    try:
        sys.stderr.write(f"gradsight: {message}\n")
        sys.stderr.flush()
    except Exception:
        pass


class Guard:
    """Runs the steps of one part of the probe until one fails."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.failed = False

    def fail(self, error: BaseException) -> None:
        if not self.failed:
            self.failed = True
            place = error.__traceback__
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            where = "" if place is None else f" ({place.tb_frame.f_code.co_name}, line {place.tb_lineno})"
            tell(f"{self.part} stopped, the training goes on: {type(error).__name__}: {error}{where}")

    def __call__(self, function: Callable[..., Result]) -> Callable[..., Optional[Result]]:
        """Decorates a function that must not raise: it returns None when it, or an earlier one, has failed."""

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Optional[Result]:
            if self.failed:
                return None
            try:
                return function(*args, **kwargs)
            except Exception as error:
                self.fail(error)
                return None

        return guarded
