"""Runs Python in forks of one process that has a framework loaded: loading it takes longer than what most scripts do.

To the probe it is as if the script had imported PyTorch before ``gradsight.watch()``. What is tested from the start of an
interpreter on gets one of its own. The fixes that are executed (``test/fixes``) use this too, each with what its script imports.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional


class Warm:
    """``run`` is as ``subprocess.run`` of ``python ARGUMENTS``; an unhandled error's traceback begins in here."""

    def __init__(self) -> None:
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._process: "subprocess.Popen[str]" = subprocess.Popen(
            [sys.executable, __file__, "import torch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )

    def run(
        self, arguments: List[str], env: Dict[str, str], cwd: Optional[str] = None
    ) -> "subprocess.CompletedProcess[str]":
        assert self._process.stdin and self._process.stdout
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            request = {"arguments": arguments, "env": env, "cwd": cwd or tempfile.gettempdir(), "folder": folder}
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())

    def close(self) -> None:
        self._process.communicate()


def serve(loading: str) -> Optional[Dict[str, Any]]:
    """Forks for each request and reports how the child ended; in the child, returns what it is to do.

    What loads is code, run once. What it doesn't manage, the script will not either, and says so where it is looked for.
    """
    with contextlib.suppress(Exception), contextlib.redirect_stdout(sys.stderr):
        exec(loading, {})
    if "torch" in sys.modules:
        import torch

        parameter = torch.nn.Parameter(torch.ones(1))
        parameter.grad = torch.ones(1)
        torch.optim.SGD([parameter], lr=0.1).step()  # loads what optimizers load; no backward pass, whose threads don't fork
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            return dict(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return None


def become(request: Dict[str, Any]) -> None:
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    for number, name in enumerate(["/dev/null", "out", "err"]):
        path = os.path.join(request["folder"], name)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.path[0:1] = request["env"].get("PYTHONPATH", "").split(os.pathsep)  # instead of this folder


if __name__ == "__main__":
    wanted = serve(sys.argv[1])
    if wanted is not None:
        become(wanted)
        first, *others = wanted["arguments"]
        if first == "-m":
            sys.argv = others
            runpy.run_module(others[0], run_name="__main__", alter_sys=True)
        else:
            sys.argv = [first, *others]
            runpy.run_path(first, run_name="__main__")
