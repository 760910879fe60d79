/** Training scripts of any length, as people write them: options, data, models, loops, evaluation, each several times over. */

/** A small generator of its own, so that every run measures the same text. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const HEADER = `"""Trains and compares sequence and image models."""
import argparse
import json
import logging
import math
import os
import time
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, Dataset

logger = logging.getLogger(__name__)
`;

const options = (n: number) => `

def parse_args_${n}(argv=None):
    parser = argparse.ArgumentParser(description="Experiment ${n}")
    parser.add_argument("--data", type=str, default="./data/set${n}", help="folder with the prepared data")
    parser.add_argument("--epochs", type=int, default=${10 + (n % 40)}, help="passes over the data")
    parser.add_argument("--batch_size", type=int, default=${16 << (n % 3)}, metavar="N")
    parser.add_argument("--lr", type=float, default=${n % 2 ? "3e-4" : "1e-3"}, help="peak learning rate")
    parser.add_argument("--clip", type=float, default=0.25, help="largest gradient norm")
    parser.add_argument("--seed", type=int, default=${1111 + n})
    parser.add_argument("--save", type=str, default="model${n}.pt", help="where the best model goes")
    args = parser.parse_args(argv)
    if args.epochs < 1:
        parser.error("--epochs must be at least 1")
    return args
`;

const data = (n: number) => `

class Windows${n}(Dataset):
    """Overlapping windows of one long series."""

    def __init__(self, folder, length=${32 + n}, stride=4, train=True):
        self.length = length
        self.stride = stride
        name = "train.npy" if train else "valid.npy"
        self.values = np.load(os.path.join(folder, name)).astype("float32")
        mean, std = self.values.mean(axis=0), self.values.std(axis=0) + 1e-6
        self.values = (self.values - mean) / std

    def __len__(self):
        return max(0, (len(self.values) - self.length - 1) // self.stride)

    def __getitem__(self, index):
        start = index * self.stride
        window = self.values[start : start + self.length + 1]
        return torch.from_numpy(window[:-1]), torch.from_numpy(window[1:])


def make_loaders_${n}(args):
    train = Windows${n}(args.data, train=True)
    valid = Windows${n}(args.data, train=False)
    return (
        DataLoader(train, batch_size=args.batch_size, shuffle=True, drop_last=True, num_workers=2),
        DataLoader(valid, batch_size=args.batch_size),
    )
`;

const recurrent = (n: number) => `

class Forecaster${n}(nn.Module):
    def __init__(self, width, hidden=${64 * (1 + (n % 4))}, layers=2, dropout=0.${1 + (n % 4)}):
        super().__init__()
        self.encoder = nn.LSTM(width, hidden, layers, dropout=dropout, batch_first=True)
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Sequential(nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.reset_parameters()

    def reset_parameters(self):
        for name, parameter in self.named_parameters():
            if "weight" in name and parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
            elif "bias" in name:
                nn.init.zeros_(parameter)

    def forward(self, x, state=None):
        hidden, state = self.encoder(x, state)
        return self.head(self.norm(hidden)), state
`;

const convolutional = (n: number) => `

@dataclass
class Config${n}:
    width: int = ${16 + n}
    depth: int = 4
    strides: list = field(default_factory=lambda: [1, 2, 2, 2])
    max_norm: float = 1.0


class Block${n}(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.short = nn.Identity() if stride == 1 else nn.AvgPool2d(stride)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return F.relu(out + self.short(x))
`;

const plainLoop = (n: number) => `

def train_${n}(args, model, loader, optimizer, scheduler, device):
    model.train()
    total, seen, begun = 0.0, 0, time.time()
    for batch, (inputs, targets) in enumerate(loader):
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        outputs, _ = model(inputs)
        loss = F.mse_loss(outputs, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        optimizer.step()
        total += loss.item() * len(inputs)
        seen += len(inputs)
        if batch % 50 == 0:
            rate = seen / (time.time() - begun)
            logger.info(f"batch {batch:5d} loss {total / seen:.4f} {rate:.0f}/s lr {scheduler.get_last_lr()[0]:.2e}")
    scheduler.step()
    return total / max(1, seen)
`;

const scaledLoop = (n: number) => `

class Trainer${n}:
    def __init__(self, model, args, accumulate=${2 + (n % 3)}):
        self.model = model
        self.args = args
        self.accumulate = accumulate
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
        self.scaler = torch.amp.GradScaler("cuda")
        self.history = []

    def update(self, loss, last):
        self.scaler.scale(loss / self.accumulate).backward()
        if not last:
            return
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.args.clip)
        self.history.append(float(norm))
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)

    def fit(self, loader):
        for step, (inputs, targets) in enumerate(loader):
            with torch.autocast("cuda"):
                outputs, _ = self.model(inputs.cuda())
                loss = F.smooth_l1_loss(outputs, targets.cuda())
            if not math.isfinite(loss.item()):
                logger.warning("skipped a batch with loss %s", loss.item())
                continue
            self.update(loss, (step + 1) % self.accumulate == 0)
`;

const evaluation = (n: number) => `

@torch.no_grad()
def evaluate_${n}(model, loader, device):
    model.eval()
    losses, worst = [], float("-inf")
    for inputs, targets in loader:
        outputs, _ = model(inputs.to(device))
        error = F.mse_loss(outputs, targets.to(device), reduction="none").mean(dim=(1, 2))
        losses.extend(error.tolist())
        worst = max(worst, error.max().item())
    result = {"loss": float(np.mean(losses)), "worst": worst, "count": len(losses)}
    with open("metrics${n}.json", "w") as out:
        json.dump(result, out, indent=2)
    return result
`;

const main = (n: number) => `

def main_${n}(argv=None):
    args = parse_args_${n}(argv)
    torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    train_loader, valid_loader = make_loaders_${n}(args)
    model = Forecaster${n}(width=8).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = CosineAnnealingLR(optimizer, T_max=args.epochs)
    best = None
    for epoch in range(args.epochs):
        loss = train_${n}(args, model, train_loader, optimizer, scheduler, device)
        result = evaluate_${n}(model, valid_loader, device)
        print(f"epoch {epoch}: {loss:.4f}, valid {result['loss']:.4f}")
        if best is None or result["loss"] < best:
            best = result["loss"]
            torch.save({"model": model.state_dict(), "args": vars(args)}, args.save)
    return best
`;

/** One update that nothing clips, so that there is something to find. */
const unclippedLoop = (n: number) => `

def finetune_${n}(model, loader, lr=1e-4):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(inputs)[0], targets)
        loss.backward()
        optimizer.step()
`;

const PARTS = [options, data, recurrent, convolutional, plainLoop, scaledLoop, evaluation, main, unclippedLoop];

/** A script of `lines` lines. */
export function trainingScript(lines: number): string {
  const footer = `

if __name__ == "__main__":
    main_0()
`;
  let text = HEADER;
  let count = lineCount(text + footer);
  for (let n = 0, part = 0; ; part += 1) {
    if (part === PARTS.length) [part, n] = [0, n + 1];
    const next = PARTS[part]?.(n) ?? "";
    if (count + lineCount(next) > lines) break;
    text += next;
    count += lineCount(next);
  }
  return text + "# .\n".repeat(lines - count) + footer;
}

const lineCount = (text: string) => text.split("\n").length - 1;
