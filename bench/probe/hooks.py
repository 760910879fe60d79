"""What the probe's hooks take of the training thread, timed one by one, and what the naive loop takes in the same steps.

    hooks.py MODEL SECONDS [DEVICE] [clip|unclipped]

Processor time of this thread, in nanoseconds, less what asking for the time takes. The difference of two trainings drowns in
the noise of a busy machine; a hook timed where it runs, its code and data as cold as a training leaves them, doesn't. Of what
the probe has replaced, a hook is what the replacement takes beyond the original. What this can't see is what the hooks push out
of the caches, and the sender's thread.
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
import torch.nn.utils.clip_grad as clipping

TRAINING = threading.get_ident()
"""The sender's thread has guarded functions of its own."""

spent = defaultdict(int)
"""Nanoseconds in this step, by part of the probe."""
asked = 0
"""How often the time was taken twice in this step."""
inside = False


def timed(part: str, function):
    """Of nested ones the outermost is counted."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        global inside, asked
        if inside or threading.get_ident() != TRAINING:
            return function(*args, **kwargs)
        inside, began = True, time.thread_time_ns()
        try:
            return function(*args, **kwargs)
        finally:
            spent[part] += time.thread_time_ns() - began
            asked += 1
            inside = False

    return call


def left_out(part: str, function):
    """What the probe calls is not its own."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        global asked
        began = time.thread_time_ns()
        try:
            return function(*args, **kwargs)
        finally:
            spent[part] -= time.thread_time_ns() - began
            asked -= 1

    return call


REPLACED = (
    ("zero_grad", torch.optim.Optimizer, "zero_grad"),
    ("backward", torch.autograd, "backward"),
    ("clip_grad_norm_", clipping, "clip_grad_norm_"),
)


def main() -> None:
    global asked
    name, seconds, device, clips = [*sys.argv[1:], *["cpu", "clip"][len(sys.argv) - 3 :]]
    seconds = float(seconds)
    for part, holder, function in REPLACED:
        setattr(holder, function, left_out(part, getattr(holder, function)))
    import gradsight

    gradsight.watch("bench")
    for part, holder, function in REPLACED:
        setattr(holder, function, timed(part, getattr(holder, function)))
    optimizers = sys.modules["torch.optim.optimizer"]
    for registered in (optimizers._global_optimizer_pre_hooks, optimizers._global_optimizer_post_hooks):
        for key, hook in registered.items():
            registered[key] = timed("step", hook)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, optimizer, loss_of = importlib.import_module(f"models.{name}").make(device, "small")
    own, naive, steps, parts = [], [], [], defaultdict(list)
    number, end = 0, time.perf_counter() + seconds
    while number < 20 or time.perf_counter() < end:
        spent.clear()
        asked = 0
        began = time.thread_time_ns()
        optimizer.zero_grad()
        loss = loss_of(number)
        nothing = time.thread_time_ns()
        before = time.thread_time_ns()
        nothing = before - nothing
        loss.backward()
        before = time.thread_time_ns()
        sum(parameter.grad.data.norm(2).item() ** 2 for parameter in model.parameters()) ** 0.5
        looped = time.thread_time_ns() - before
        parameters = list(model.parameters())  # which the clip itself would list
        if clips == "clip":
            clipping.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        took = time.thread_time_ns() - began
        number += 1
        if number > 10:
            own.append(sum(spent.values()) - asked * nothing)
            naive.append(looped - nothing)
            steps.append(took - looped - own[-1])
            for part, nanoseconds in spent.items():
                parts[part].append(nanoseconds)
    print(json.dumps({"steps": steps, "hooks": own, "naive": naive, "parts": parts}), flush=True)


if __name__ == "__main__":
    main()
