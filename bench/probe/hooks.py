"""What the probe's hooks take of the training thread, timed one by one, and what the naive loop takes in the same steps.

    hooks.py MODEL SECONDS [DEVICE]

Processor time of this thread, in nanoseconds. The difference of two trainings drowns in the noise of a busy machine; a hook
timed where it runs, its code and data as cold as a training leaves them, doesn't. What this can't see is what the hooks push
out of the caches, and the sender's thread.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import threading
import time
from collections import defaultdict

import torch

TRAINING = threading.get_ident()
"""The sender's thread has guarded functions of its own."""

spent = defaultdict(int)
"""Nanoseconds in this step, by part of the probe."""


def timed_guards() -> None:
    """Every entrance into the probe is a guarded function; of nested ones the outermost is counted."""
    from gradsight._guard import Guard

    original = Guard.__call__
    inside = False

    def call(self, function):
        guarded = original(self, function)

        @functools.wraps(function)
        def timed(*args, **kwargs):
            nonlocal inside
            if inside or threading.get_ident() != TRAINING:
                return guarded(*args, **kwargs)
            inside, began = True, time.thread_time_ns()
            try:
                return guarded(*args, **kwargs)
            finally:
                spent[self.part] += time.thread_time_ns() - began
                inside = False

        return timed

    Guard.__call__ = call


def main() -> None:
    name, seconds, device = sys.argv[1], float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "cpu"
    timed_guards()
    import gradsight

    gradsight.watch("bench")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, optimizer, loss_of = importlib.import_module(f"models.{name}").make(device, "small")
    hooks, naive, steps, parts = [], [], [], defaultdict(list)
    number, end = 0, time.perf_counter() + seconds
    while number < 20 or time.perf_counter() < end:
        spent.clear()
        began = time.thread_time_ns()
        optimizer.zero_grad()
        loss = loss_of(number)
        loss.backward()
        before = time.thread_time_ns()
        sum(parameter.grad.data.norm(2).item() ** 2 for parameter in model.parameters()) ** 0.5
        looped = time.thread_time_ns() - before
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        took = time.thread_time_ns() - began
        number += 1
        if number > 10:
            hooks.append(sum(spent.values()))
            naive.append(looped)
            steps.append(took - looped - hooks[-1])
            for part, nanoseconds in spent.items():
                parts[part].append(nanoseconds)
    print(json.dumps({"steps": steps, "hooks": hooks, "naive": naive, "parts": parts}), flush=True)


if __name__ == "__main__":
    main()
