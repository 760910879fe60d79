"""Which code ran: the commit that was checked out, and the script's own bytes. Read from files; no git is run."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Dict, Optional

MAX_SCRIPT = 16 * 1024 * 1024
"""Bytes; what is larger is no script that somebody wrote."""

MAX_PACKED = 64 * 1024 * 1024
"""Bytes of a list of packed references."""

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def describe_code(script: Optional[str], folder: str) -> Dict[str, Optional[str]]:
    """``runCode`` of ``protocol/telemetry.ts``. ``folder``: where to look for a repository if there is no script."""
    try:
        commit = checked_out(os.path.dirname(script) if script else folder)
    except (OSError, ValueError):  # not to be read, or not what git writes
        commit = None
    return {"commit": commit, "scriptHash": script and _hash_of(script)}


def checked_out(folder: str) -> Optional[str]:
    """The commit of the repository that ``folder`` is in; None where there is none. Raises OSError, ValueError."""
    repository = _repository(folder)
    if repository is None:
        return None
    head = _read(os.path.join(repository, "HEAD"))
    if not head.startswith("ref:"):
        return _hash_in(head)
    name = head[4:].strip()
    common = _common(repository)
    for place in (repository, common):
        try:
            return _hash_in(_read(os.path.join(place, *name.split("/"))))
        except OSError:
            pass
    return _packed(os.path.join(common, "packed-refs"), name)


def _repository(folder: str) -> Optional[str]:
    """The nearest ``.git`` upwards. In a worktree or a submodule that is a file, which names the folder."""
    folder = os.path.realpath(folder)
    while True:
        found = os.path.join(folder, ".git")
        if os.path.isfile(found):
            told = _read(found)
            return os.path.join(folder, told[len("gitdir:") :].strip()) if told.startswith("gitdir:") else None
        if os.path.isfile(os.path.join(found, "HEAD")):
            return found
        folder, before = os.path.dirname(folder), folder
        if folder == before:
            return None


def _common(repository: str) -> str:
    """What the worktrees of a repository share."""
    try:
        return os.path.join(repository, _read(os.path.join(repository, "commondir")).strip())
    except OSError:
        return repository


def _packed(file: str, name: str) -> Optional[str]:
    if os.path.getsize(file) > MAX_PACKED:
        return None
    with open(file, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            hash, _, reference = line.rstrip("\n").partition(" ")
            if reference == name:
                return _hash_in(hash)
    return None


def _hash_in(text: str) -> Optional[str]:
    text = text.strip()
    return text if _HASH.fullmatch(text) else None


def _read(file: str) -> str:
    """The beginning: none of these files has more than a path in it."""
    with open(file, encoding="utf-8", errors="surrogateescape") as stream:
        return stream.read(8192)


def _hash_of(script: str) -> Optional[str]:
    if not os.path.isfile(script):  # a pipe, whose one reader is to be the script
        return None
    try:
        with open(script, "rb") as stream:
            content = stream.read(MAX_SCRIPT + 1)
    except (OSError, ValueError):
        return None
    return None if len(content) > MAX_SCRIPT else hashlib.sha256(content).hexdigest()
