"""The commit that a script's repository is at, read as git itself would tell it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Optional

import pytest
from gradsight._checkout import describe_code

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")

AUTHOR = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, **AUTHOR, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "train.py").write_text("print(1)\n")
    git(folder, "init", "--quiet", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def told(folder: Path) -> Optional[str]:
    return describe_code(str(folder / "src" / "train.py"), "")["commit"]


def test_a_branch(repository: Path) -> None:
    assert told(repository) == git(repository, "rev-parse", "HEAD")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "second")
    assert told(repository) == git(repository, "rev-parse", "HEAD")


def test_a_branch_whose_name_has_parts_and_is_packed(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "topic/of-mine")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "second")
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git" / "refs" / "heads" / "topic" / "of-mine").exists()
    assert told(repository) == git(repository, "rev-parse", "HEAD") != git(repository, "rev-parse", "main")


def test_a_commit_that_no_branch_names(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--detach")
    assert told(repository) == git(repository, "rev-parse", "HEAD")


@pytest.mark.parametrize("packed", [False, True])
def test_a_worktree(repository: Path, tmp_path: Path, packed: bool) -> None:
    git(repository, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    git(tmp_path / "other", "commit", "--quiet", "--allow-empty", "-m", "second")
    if packed:
        git(repository, "pack-refs", "--all")
    assert told(tmp_path / "other") == git(tmp_path / "other", "rev-parse", "HEAD") != told(repository)


def test_a_submodule(repository: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet")
    git(outer, "submodule", "--quiet", "add", str(repository), "part")
    assert told(outer / "part") == git(repository, "rev-parse", "HEAD")


def test_without_a_script_the_folder_counts(repository: Path) -> None:
    assert describe_code(None, str(repository / "src")) == {
        "commit": git(repository, "rev-parse", "HEAD"),
        "scriptHash": None,
    }


def test_the_script_that_ran(repository: Path) -> None:
    script = repository / "src" / "train.py"
    assert describe_code(str(script), "")["scriptHash"] == hashlib.sha256(b"print(1)\n").hexdigest()
    assert describe_code(str(script.with_name("gone.py")), "")["scriptHash"] is None


@pytest.mark.parametrize(
    "head", ["", "ref: refs/heads/none-yet\n", "ref: ../../secret\n", "ref:\n", "\0", "deadbeef\n", "\udcff"]
)
def test_what_git_did_not_write_tells_nothing(repository: Path, head: str) -> None:
    (repository / "secret").write_text("not a hash\n")
    (repository / ".git" / "HEAD").write_text(head, errors="surrogateescape")
    assert told(repository) is None


def test_no_repository(tmp_path: Path) -> None:
    assert describe_code(str(tmp_path / "train.py"), "") == {"commit": None, "scriptHash": None}
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    assert describe_code(str(tmp_path / "train.py"), str(tmp_path))["commit"] is None
