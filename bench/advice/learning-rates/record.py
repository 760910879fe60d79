"""Small trainings at learning rates from far too small to far too large: `python bench/advice/learning-rates/record.py FILE.csv.gz`.

A row is one step of one run: `task`, `optimizer`, `rate`, `seed`, `step`, `loss`, `update_ratio` (as the probe measures it) and
`norm` (global, before clipping; nothing is clipped).
"""

import csv
import gzip
import math
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[3] / "python"))
from gradsight.metrics import gradient_norm, update_ratio  # noqa: E402

STEPS = 500
SEEDS = (0, 1)
RATES = {
    "sgd": (1e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0),
    "adam": (1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1),
}
TEXT = "".join(Path(each.__file__).read_text() for each in (gzip, csv))
LETTERS = sorted(set(TEXT))
CODES = torch.tensor([LETTERS.index(letter) for letter in TEXT])


def letters(batch, length):
    starts = torch.randint(0, len(CODES) - length - 1, (batch, 1))
    return CODES[starts + torch.arange(length + 1)]


def mlp():
    teacher = nn.Sequential(nn.Linear(20, 40), nn.Tanh(), nn.Linear(40, 5))
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 5))

    def loss():
        x = torch.randn(64, 20)
        return F.cross_entropy(model(x), teacher(x).argmax(1))

    return model, loss


def regression():
    model = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))

    def loss():
        x = torch.randn(64, 8)
        y = (x[:, :1] * x[:, 1:2] + torch.sin(2 * x[:, 2:3])) + 0.1 * torch.randn(64, 1)
        return F.mse_loss(model(x), y)

    return model, loss


def logistic():
    model = nn.Linear(30, 1)
    true = torch.randn(30, 1)

    def loss():
        x = torch.randn(64, 30)
        return F.binary_cross_entropy_with_logits(model(x), torch.bernoulli(torch.sigmoid(x @ true)))

    return model, loss


def convolutional():
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4),
    )  # fmt: skip
    patterns = torch.randn(4, 1, 12, 12)

    def loss():
        y = torch.randint(0, 4, (32,))
        return F.cross_entropy(model(0.5 * patterns[y] + torch.randn(32, 1, 12, 12)), y)

    return model, loss


class Transformer(nn.Module):
    def __init__(self, norm_first=True):
        super().__init__()
        self.embedding = nn.Embedding(len(LETTERS), 32)
        self.place = nn.Parameter(0.02 * torch.randn(24, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True, norm_first=norm_first)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, len(LETTERS))
        self.mask = nn.Transformer.generate_square_subsequent_mask(24)

    def forward(self, x):
        return self.head(self.layers(self.embedding(x) + self.place, mask=self.mask, is_causal=True))


def transformer():
    model = Transformer()

    def loss():
        codes = letters(16, 24)
        return F.cross_entropy(model(codes[:, :-1]).flatten(0, 1), codes[:, 1:].flatten())

    return model, loss


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(LETTERS), 32)
        self.lstm = nn.LSTM(32, 64, batch_first=True)
        self.head = nn.Linear(64, len(LETTERS))

    def forward(self, x):
        return self.head(self.lstm(self.embedding(x))[0])


def lstm():
    model = Lstm()

    def loss():
        codes = letters(16, 24)
        return F.cross_entropy(model(codes[:, :-1]).flatten(0, 1), codes[:, 1:].flatten())

    return model, loss


def bootstrapped():
    """Like Q-learning, on a chain of states: the targets are the model's own, so the loss need not fall."""
    model = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    target = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    moves = torch.randn(4, 6)
    seen = [0]

    def loss():
        if seen[0] % 50 == 0:
            target.load_state_dict(model.state_dict())
        seen[0] += 1
        state, action = torch.randn(32, 6), torch.randint(0, 4, (32,))
        following = 0.9 * state + 0.3 * moves[action]
        with torch.no_grad():
            wanted = torch.tanh(following[:, 0]) + 0.95 * target(following).max(1).values
        return F.smooth_l1_loss(model(state).gather(1, action[:, None])[:, 0], wanted)

    return model, loss


def adversarial():
    """The generator of a GAN whose discriminator learns beside it at a sane rate: the loss does not fall."""
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
    judge = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    judging = torch.optim.Adam(judge.parameters(), lr=1e-3)

    def loss():
        made = model(torch.randn(64, 4))
        angle = 2 * math.pi * torch.rand(64)
        real = torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(64, 2)
        judging.zero_grad()
        (F.softplus(-judge(real)) + F.softplus(judge(made.detach()))).mean().backward()
        judging.step()
        return F.softplus(-judge(made)).mean()

    return model, loss


TASKS = (mlp, regression, logistic, convolutional, transformer, lstm, bootstrapped, adversarial)


def run(task, kind, rate, seed):
    torch.manual_seed(seed)
    model, loss_of = task()
    parameters = list(model.parameters())
    optimizer = (
        torch.optim.SGD(parameters, lr=rate, momentum=0.9) if kind == "sgd" else torch.optim.Adam(parameters, lr=rate)
    )
    for step in range(STEPS):
        loss = loss_of()
        optimizer.zero_grad()
        loss.backward()
        norm = gradient_norm.measure(gradient_norm.gradients(parameters)[1])
        ratio = update_ratio.begin(optimizer)
        optimizer.step()
        with torch.no_grad():
            yield step, loss.item(), ratio.measure().ratio.item(), norm.total.item()
        if not math.isfinite(loss.item()):
            return


def main(path):
    torch.set_num_threads(1)
    with gzip.open(path, "wt", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["task", "optimizer", "rate", "seed", "step", "loss", "update_ratio", "norm"])
        for task in TASKS:
            for kind, rates in RATES.items():
                for rate in rates:
                    for seed in SEEDS:
                        for step, *values in run(task, kind, rate, seed):
                            rows.writerow([task.__name__, kind, rate, seed, step, *(f"{value:.3g}" for value in values)])
                print(task.__name__, kind, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
