"""Reports a step a millisecond, each with its own number as the loss, until a line comes on its input."""

import sys
import threading
import time

import gradsight

told = threading.Event()


def listen():
    sys.stdin.readline()
    told.set()


threading.Thread(target=listen, daemon=True).start()
step = 0
while not told.is_set():
    gradsight.log(step, norm=1.0 + step % 7, loss=float(step))
    step += 1
    time.sleep(0.001)
print(f"trained {step} steps", flush=True)
