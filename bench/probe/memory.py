"""Records so many steps and says what memory the process takes meanwhile: 100 times, a line of JSON each.

    memory.py log|burst|torch STEPS

``burst`` calls ``gradsight.log`` in a loop that does nothing else: as fast as it can, so that steps and messages wait, up to what
may. ``log`` does so no faster than they are taken: what a step leaves in the probe, ten million times over in minutes. ``torch``
takes real steps of a small model, clipped, which takes fifty times as long and goes through the hooks.

What waits breathes by megabytes with the machine's other load. So each sample waits until nothing does: what is left then is what
recording keeps.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time

import gradsight
from gradsight import _process

SAMPLES = 100
FOLLOWED = 4096
"""Steps that may wait where they are to come no faster than they are taken."""


def resident() -> int:
    """Bytes."""
    with open("/proc/self/statm") as status:
        return int(status.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak() -> int:
    """Bytes. What ``getrusage`` calls so counts the program, too, that started this one."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def let_go() -> None:
    """Waits until nothing waits; half a minute at most."""
    session = _process.current()
    assert session is not None
    outbox = session._sender._outbox
    until = time.monotonic() + 30
    while time.monotonic() < until:
        time.sleep(0.25)  # longer than the sender's period
        if outbox.all_acknowledged and not any(series.rows for series in session._series):
            return


def main() -> None:
    kind, steps = sys.argv[1], int(sys.argv[2])
    gradsight.watch("memory")
    step = {"log": followed, "burst": logging, "torch": training}[kind]()
    step(0)
    let_go()
    print(json.dumps({"steps": 0, "bytes": resident(), "peak": peak(), "seconds": 0}), flush=True)
    stepping = 0.0
    for sample in range(SAMPLES):
        started = time.perf_counter()
        for number in range(max(1, sample * steps // SAMPLES), (sample + 1) * steps // SAMPLES):
            step(number)
        stepping += time.perf_counter() - started
        let_go()
        taken = (sample + 1) * steps // SAMPLES
        print(json.dumps({"steps": taken, "bytes": resident(), "peak": peak(), "seconds": stepping}), flush=True)


def logging():
    def step(number: int) -> None:
        norm = 1.5 + math.sin(number)
        gradsight.log(number, norm=norm, loss=norm / 2, threshold=1.0, lr=0.1)

    return step


def followed():
    log = logging()

    def step(number: int) -> None:
        log(number)
        while number % 256 == 0 and any(len(series.rows) > FOLLOWED for series in _process.current()._series):
            time.sleep(0.01)

    return step


def training():
    import torch
    from torch import nn

    torch.set_num_threads(1)
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    inputs = torch.randn(8, 4)

    def step(number: int) -> None:
        optimizer.zero_grad()
        model(inputs).square().mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


if __name__ == "__main__":
    main()
