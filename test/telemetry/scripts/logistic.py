"""Logistic regression by hand, reported with gradsight.log. Waits for a line on its input after PAUSE steps; raises after CRASH."""

import math
import random
import sys

import gradsight

STEPS, PAUSE, CRASH = (int(argument) for argument in sys.argv[1:4])

random.seed(1)
weights = [0.0, 0.0, 0.0]
for step in range(STEPS):
    if step == PAUSE:
        print("paused", flush=True)
        sys.stdin.readline()
    if step == CRASH:
        raise RuntimeError("out of cheese")
    gradient, loss = [0.0, 0.0, 0.0], 0.0
    for _ in range(8):
        point = [1.0, random.gauss(0, 1), random.gauss(0, 1)]
        label = 1.0 if point[1] - 2 * point[2] + random.gauss(0, 0.5) > 0 else 0.0
        guess = 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, point))))
        loss -= math.log(guess if label else 1 - guess) / 8
        gradient = [g + (guess - label) * x / 8 for g, x in zip(gradient, point)]
    norm = math.sqrt(sum(g * g for g in gradient))
    gradsight.log(step, norm=norm, loss=loss)
    weights = [w - 0.1 * g for w, g in zip(weights, gradient)]
print(f"trained {STEPS} steps, loss {loss:.3f}")
