"""Two networks against each other: one of them is clipped, the other was forgotten.

    python -m gradsight run train_gan.py

The generator learns to draw points from a ring; the critic learns to tell its points from real ones. Each has an
optimizer of its own, and so a chart of its own in the dashboard. Needs PyTorch.
"""

import argparse
import math

import torch
from torch import nn

BATCH = 128
NOISE = 8
MAX_NORM = 0.5


def network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, outputs)
    )


def ring(count: int) -> torch.Tensor:
    """Points [count, 2] on the unit circle, slightly scattered."""
    angles = 2 * math.pi * torch.rand(count)
    return torch.stack([angles.cos(), angles.sin()], dim=1) + 0.05 * torch.randn(count, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn to draw points from a ring.")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    generator, critic = network(NOISE, 2), network(2, 1)
    generator_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
    criterion = nn.BCEWithLogitsLoss()
    real, fake = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

    for step in range(arguments.steps):
        critic_optimizer.zero_grad()
        drawn = generator(torch.randn(BATCH, NOISE))
        critic_loss = criterion(critic(ring(BATCH)), real) + criterion(critic(drawn.detach()), fake)
        critic_loss.backward()
        torch.nn.utils.clip_grad_norm_(critic.parameters(), MAX_NORM)
        critic_optimizer.step()

        generator_optimizer.zero_grad()
        generator_loss = criterion(critic(drawn), real)
        generator_loss.backward()
        generator_optimizer.step()

        if step % 200 == 0 or step == arguments.steps - 1:
            radius = drawn.norm(dim=1).mean().item()
            print(
                f"step {step:5d}  critic {critic_loss.item():.3f}  generator {generator_loss.item():.3f}"
                f"  mean radius {radius:.2f} (ring: 1)",
                flush=True,
            )


if __name__ == "__main__":
    main()
