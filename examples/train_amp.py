"""Mixed precision on a CPU, with a mistake that is easy to make: the gradients are clipped while still scaled.

    python -m gradsight run train_amp.py

A gradient scaler multiplies the loss, and so all gradients, by a large number, that small ones may survive in half
precision. Clipped before they are divided by it again, they end far below MAX_NORM: the model hardly learns. Gradsight
marks the line; its fix inserts `scaler.unscale_(optimizer)` before it. Needs PyTorch.
"""

import argparse

import torch
from torch import nn

MAX_NORM = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit a function in mixed precision.")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    model = nn.Sequential(nn.Linear(2, 128), nn.Tanh(), nn.Linear(128, 128), nn.Tanh(), nn.Linear(128, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)

    for step in range(arguments.steps):
        points = 4 * torch.rand(128, 2) - 2
        heights = torch.sin(3 * points[:, :1]) * torch.cos(2 * points[:, 1:])
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(points), heights)
        scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
        scaler.step(optimizer)
        scaler.update()
        if step % 100 == 0 or step == arguments.steps - 1:
            print(f"step {step:5d}  loss {loss.item():.4f}  loss scale {scaler.get_scale():g}", flush=True)


if __name__ == "__main__":
    main()
