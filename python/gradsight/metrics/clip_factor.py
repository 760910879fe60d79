"""The factor by which clipping by norm multiplies the gradients."""

from __future__ import annotations

EPSILON = 1e-6
"""What ``torch.nn.utils.clip_grad_norm_`` adds to the norm."""


def clip_factor(norm: float, threshold: float, epsilon: float = EPSILON) -> float:
    """min(1, threshold / (norm + epsilon)), as in ``torch.nn.utils.clip_grad_norm_``; NaN of a NaN norm."""
    factor = threshold / (norm + epsilon)
    return 1.0 if factor > 1.0 else factor
