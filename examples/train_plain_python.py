"""Trains a small recurrent network to write, with nothing but Python's standard library.

    python -m gradsight run train_plain_python.py          # with the editor's dashboard open
    python train_plain_python.py --steps 500 --seed 7      # works without it, too

The gradient is worked out by hand (backpropagation through time), and so is the clipping: the update is scaled down
whenever the global norm of the gradient is above MAX_NORM. The hooks of the probe can't see such a loop, so it reports
each step itself.
"""

import argparse
import math
import random
import time
from operator import mul

try:
    import gradsight
except ImportError:
    gradsight = None
    print("gradsight can't be imported, so this run is not recorded; training all the same.")

MAX_NORM = 10.0  # clip the gradient when its global norm is above this

HIDDEN = 32
WINDOW = 24  # characters that the gradient flows back through
LEARNING_RATE = 0.2


def make_text(rng: random.Random, sentences: int = 400) -> str:
    """Sentences of a tiny language: easy to begin with, with agreements over a distance to learn later."""
    animals = ["cat", "dog", "owl", "fox", "hen"]
    verbs = {"sees": "see", "likes": "like", "chases": "chase"}
    text = []
    for _ in range(sentences):
        singular = rng.choice(list(verbs))
        if rng.random() < 0.5:
            text.append(f"a {rng.choice(animals)} {singular} the {rng.choice(animals)}s. ")
        else:
            text.append(f"the {rng.choice(animals)}s {verbs[singular]} a {rng.choice(animals)}. ")
    return "".join(text)


def matrix(rng: random.Random, rows: int, columns: int, scale: float) -> list:
    return [[rng.gauss(0.0, scale) for _ in range(columns)] for _ in range(rows)]


def dot(a: list, b: list) -> float:
    return sum(map(mul, a, b))


class RecurrentNetwork:
    """h' = tanh(inputs[character] + recurrent · h + bias), scores = output · h' + output_bias."""

    def __init__(self, rng: random.Random, characters: int):
        self.parameters = {
            "inputs": matrix(rng, characters, HIDDEN, 0.5),
            "recurrent": matrix(rng, HIDDEN, HIDDEN, 1.6 / math.sqrt(HIDDEN)),
            "bias": [[0.0] * HIDDEN],
            "output": matrix(rng, characters, HIDDEN, 1.0 / math.sqrt(HIDDEN)),
            "output_bias": [[0.0] * characters],
        }

    def step(self, character: int, hidden: list) -> tuple:
        """The next hidden state, and the probability of each character to come."""
        p = self.parameters
        fed = map(sum, zip(p["inputs"][character], p["bias"][0], (dot(row, hidden) for row in p["recurrent"])))
        hidden = list(map(math.tanh, fed))
        scores = [dot(row, hidden) + bias for row, bias in zip(p["output"], p["output_bias"][0])]
        highest = max(scores)
        weights = [math.exp(score - highest) for score in scores]
        total = sum(weights)
        return hidden, [weight / total for weight in weights]

    def loss_and_gradient(self, window: list, hidden: list) -> tuple:
        """Mean cross-entropy over the window in nats, its gradient by parameter, and the last hidden state."""
        states, predictions, loss = [hidden], [], 0.0
        for character, following in zip(window, window[1:]):
            hidden, probabilities = self.step(character, hidden)
            states.append(hidden)
            predictions.append(probabilities)
            loss -= math.log(probabilities[following] + 1e-12)

        p = self.parameters
        gradient = {name: [[0.0] * len(row) for row in rows] for name, rows in p.items()}
        output_columns = list(zip(*p["output"]))
        recurrent_columns = list(zip(*p["recurrent"]))
        length = len(predictions)
        later = [0.0] * HIDDEN  # what the steps to come say about this hidden state
        for t in reversed(range(length)):
            scores = [probability / length for probability in predictions[t]]
            scores[window[t + 1]] -= 1.0 / length
            add_outer(gradient["output"], scores, states[t + 1])
            add(gradient["output_bias"][0], scores)
            inner = [
                (dot(column, scores) + further) * (1.0 - state * state)
                for column, further, state in zip(output_columns, later, states[t + 1])
            ]
            add_outer(gradient["recurrent"], inner, states[t])
            add(gradient["inputs"][window[t]], inner)
            add(gradient["bias"][0], inner)
            later = [dot(column, inner) for column in recurrent_columns]
        return loss / length, gradient, hidden

    def write(self, rng: random.Random, characters: str, length: int) -> str:
        hidden, character, text = [0.0] * HIDDEN, characters.index("t"), "t"
        for _ in range(length):
            hidden, probabilities = self.step(character, hidden)
            character = rng.choices(range(len(characters)), probabilities)[0]
            text += characters[character]
        return text


def add(target: list, values: list) -> None:
    target[:] = map(sum, zip(target, values))


def add_outer(target: list, left: list, right: list) -> None:
    for row, factor in zip(target, left):
        row[:] = [value + factor * other for value, other in zip(row, right)]


def global_norm(gradient: dict) -> float:
    return math.sqrt(sum(dot(row, row) for rows in gradient.values() for row in rows))


def clip_factor(norm: float, max_norm: float) -> float:
    return min(1.0, max_norm / (norm + 1e-6))


def train(steps: int, seed: int) -> None:
    rng = random.Random(seed)
    text = make_text(rng)
    characters = "".join(sorted(set(text)))
    numbers = [characters.index(character) for character in text]
    network = RecurrentNetwork(rng, len(characters))
    hidden, position, started = [0.0] * HIDDEN, 0, time.perf_counter()

    for step in range(steps):
        if position + WINDOW + 1 > len(numbers):
            hidden, position = [0.0] * HIDDEN, 0
        window = numbers[position : position + WINDOW + 1]
        position += WINDOW
        loss, gradient, hidden = network.loss_and_gradient(window, hidden)

        norm = global_norm(gradient)
        factor = clip_factor(norm, MAX_NORM)
        for name, rows in gradient.items():
            for row, slope in zip(network.parameters[name], rows):
                row[:] = [value - LEARNING_RATE * factor * s for value, s in zip(row, slope)]

        if gradsight:
            gradsight.log(step, norm=norm, norm_post=norm * factor, threshold=MAX_NORM, loss=loss, lr=LEARNING_RATE)
        if step % 100 == 0 or step == steps - 1:
            seconds = time.perf_counter() - started
            print(f"step {step:5d}  loss {loss:6.3f}  gradient norm {norm:8.3f}  {seconds:5.1f} s", flush=True)

    print("It writes:", network.write(rng, characters, 100))


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a small recurrent network in plain Python.")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    train(arguments.steps, arguments.seed)


if __name__ == "__main__":
    main()
