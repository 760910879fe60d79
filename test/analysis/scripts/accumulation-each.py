"""Accumulation that clips what has been summed so far, at every batch."""
import argparse

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

parser = argparse.ArgumentParser()
parser.add_argument("--accumulate", type=int, default=4)
parser.add_argument("--clip", type=float, default=None)
args = parser.parse_args([])

model = nn.LSTM(8, 8)
optimizer = torch.optim.AdamW(model.parameters())
batches = [torch.ones(5, 2, 8) for _ in range(8)]

for epoch in range(2):
    optimizer.zero_grad()
    for index, batch in enumerate(batches):
        loss = model(batch)[0].pow(2).mean() / args.accumulate
        loss.backward()
        if args.clip is not None:
            clip_grad_norm_(model.parameters(), args.clip)  # <- clip-each-micro-batch
        last = index + 1 == len(batches)
        if (index + 1) % args.accumulate == 0 or last:
            optimizer.step()
            optimizer.zero_grad()
