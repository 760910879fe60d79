"""One training in one process: a model of ``models/`` with a peer of ``peers/``. Trains only while it is told to.

    worker.py MODEL SIZE PEER DEVICE THREADS FOLDER

Says what it is in one line of JSON, or why it can't be; then takes seconds from stdin, line by line, trains for so long
and says what that took.

Bare and treated trainings are different processes, so that nothing of a peer is in the bare one, and train in turn for
fractions of a second: what else the machine does then hits all alike, and goes out of the ratio of two blocks of the same
round. A process that waits for its turn must not gain by it. What goes by the clock (our budgets) sees only the time of
its own blocks, and the work that a thread of the peer's still has after a block is counted to it.
"""

from __future__ import annotations

import sys
import time

_real = time.perf_counter
_waited = 0.0
_stopped = None
time.perf_counter = lambda: (_stopped or _real()) - _waited  # before anyone takes it

import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402

MAX_NORM = 1.0
SETTLING = 0.25
"""Seconds in which a peer's thread does what a block has left: ours sends each fifth of a second."""


def main() -> None:
    global _waited, _stopped
    name, size, peer_name, device, threads, folder = sys.argv[1:]
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # peers print
    try:
        peer = importlib.import_module(f"peers.{peer_name}")
        peer.start(folder)
        import torch

        torch.set_num_threads(int(threads))
        torch.manual_seed(0)
        random.seed(0)
        model, optimizer, loss_of = importlib.import_module(f"models.{name}").make(device, size)
        backward = peer.follow(model, optimizer)
    except Exception as error:
        print(json.dumps({"absent": f"{type(error).__name__}: {error}".splitlines()[0]}), file=out)
        return
    count = 0

    def step() -> None:
        nonlocal count
        optimizer.zero_grad()
        loss = loss_of(count)
        backward(loss, count)
        torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
        optimizer.step()
        count += 1

    def synchronize() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    try:
        for _ in range(5):
            step()
        synchronize()
    except Exception as error:
        print(json.dumps({"absent": f"{type(error).__name__}: {error}".splitlines()[0]}), file=out)
        return
    said = {
        "torch": torch.__version__,
        "python": sys.version.split()[0],
        "parameters": len(list(model.parameters())),
        "elements": sum(parameter.numel() for parameter in model.parameters()),
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
    }
    print(json.dumps(said), file=out)
    _stopped = _real()
    for line in sys.stdin:
        seconds = float(line)
        _waited += _real() - _stopped
        _stopped = None
        steps = 0
        cpu, own, began = time.process_time(), time.thread_time(), _real()
        while _real() - began < seconds:
            step()
            steps += 1
        synchronize()
        _stopped = _real()
        own = time.thread_time() - own
        time.sleep(SETTLING)
        cpu = time.process_time() - cpu
        print(json.dumps({"steps": steps, "wall": _stopped - began, "cpu": cpu, "own": own}), file=out)
    os._exit(0)  # without waiting for what peers do at the end


if __name__ == "__main__":
    main()
