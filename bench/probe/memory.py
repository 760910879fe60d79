"""Records so many steps and says what memory the process takes meanwhile: 100 times, a line of JSON each.

    memory.py log|torch STEPS

``log`` calls ``gradsight.log`` in a loop that does nothing else: what a step leaves in the probe, ten million times over in
minutes. ``torch`` takes real steps of a small model, clipped, which takes fifty times as long and goes through the hooks.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time

import gradsight

SAMPLES = 100


def resident() -> int:
    """Bytes."""
    with open("/proc/self/statm") as status:
        return int(status.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    kind, steps = sys.argv[1], int(sys.argv[2])
    gradsight.watch("memory")
    step = {"log": logging, "torch": training}[kind]()
    for sample in range(SAMPLES):
        for number in range(sample * steps // SAMPLES, (sample + 1) * steps // SAMPLES):
            step(number)
        print(json.dumps({"steps": (sample + 1) * steps // SAMPLES, "bytes": resident(), "time": time.time()}), flush=True)


def logging():
    def step(number: int) -> None:
        norm = 1.5 + math.sin(number)
        gradsight.log(number, norm=norm, loss=norm / 2, threshold=1.0, lr=0.1)

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
