"""Trains a small LSTM to write, on text that it makes up itself. Needs PyTorch; a CPU is enough.

    python -m gradsight run train_pytorch.py               # with the editor's dashboard open
    python train_pytorch.py --steps 300 --seed 7           # works without it, too

A recurrent network has long chains of derivatives, so now and then, at a damaged line say, its gradients are several
times what they usually are. Nothing here clips them: Gradsight marks the update below and offers to insert clipping.
"""

import argparse
import random
import time

import torch
from torch import nn

BATCH = 4
WINDOW = 64  # characters that the gradient flows back through
HIDDEN = 96
LEARNING_RATE = 1.0

DAMAGED = 1 / 500  # of the sentences

ANIMALS = ["cat", "dog", "owl", "fox", "hen"]
VERBS = {"sees": "see", "likes": "like", "chases": "chase"}


def make_text(rng: random.Random, sentences: int = 4000) -> str:
    """Sentences of a tiny language, with agreements over a distance. As in any real corpus a few are damaged."""
    text = []
    for _ in range(sentences):
        singular = rng.choice(list(VERBS))
        if rng.random() < DAMAGED:
            text.append("".join(rng.choices("#@%&!?0123456789", k=80)))
        elif rng.random() < 0.5:
            text.append(f"a {rng.choice(ANIMALS)} {singular} the {rng.choice(ANIMALS)}s. ")
        else:
            text.append(f"the {rng.choice(ANIMALS)}s {VERBS[singular]} a {rng.choice(ANIMALS)}. ")
    return "".join(text)


class CharacterModel(nn.Module):
    def __init__(self, characters: int):
        super().__init__()
        self.embedding = nn.Embedding(characters, 24)
        self.lstm = nn.LSTM(24, HIDDEN, batch_first=True)
        self.output = nn.Linear(HIDDEN, characters)

    def forward(self, text: torch.Tensor, state=None):
        """Scores of the next character [batch, time, characters] for text [batch, time], and the last state."""
        hidden, state = self.lstm(self.embedding(text), state)
        return self.output(hidden), state


def batches(text: torch.Tensor):
    """Windows of text, each batch going on where the one before it ended: (characters, the ones that follow)."""
    columns = text[: len(text) // BATCH * BATCH].view(BATCH, -1)
    while True:
        for start in range(0, columns.shape[1] - WINDOW - 1, WINDOW):
            yield columns[:, start : start + WINDOW], columns[:, start + 1 : start + WINDOW + 1]


def train(model: CharacterModel, text: torch.Tensor, steps: int) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    criterion = nn.CrossEntropyLoss()
    state, started = None, time.perf_counter()
    for step, (characters, following) in zip(range(steps), batches(text)):
        scores, state = model(characters, state)
        state = tuple(part.detach() for part in state)
        loss = criterion(scores.flatten(0, 1), following.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0 or step == steps - 1:
            print(f"step {step:5d}  loss {loss.item():6.3f}  {time.perf_counter() - started:5.1f} s", flush=True)


@torch.no_grad()
def write(model: CharacterModel, characters: str, length: int = 100) -> str:
    text, state = "t", None
    for _ in range(length):
        scores, state = model(torch.tensor([[characters.index(text[-1])]]), state)
        text += characters[torch.distributions.Categorical(logits=scores[0, -1]).sample()]
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a small LSTM on made-up text.")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    text = make_text(random.Random(arguments.seed))
    characters = "".join(sorted(set(text)))
    model = CharacterModel(len(characters))
    train(model, torch.tensor([characters.index(character) for character in text]), arguments.steps)
    print("It writes:", write(model, characters))


if __name__ == "__main__":
    main()
