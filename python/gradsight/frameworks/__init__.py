"""The frameworks that the probe knows: which of their modules it wants to see once the script has imported them."""

from __future__ import annotations

from .._session import Session


def install(session: Session) -> None:
    pass
