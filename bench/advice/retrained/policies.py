"""Clips whose threshold changes with the training: what they are given are the parameters, right before the update."""

import math

import torch


# As Gradsight writes it into a script in PyTorch (a test compares the two).
class AutoClip:
    """Clips the global norm of the gradients to a percentile of all norms so far (Seetharaman et al., 2020).

    10, the paper's, is the safest; when norms grow it clips too much.
    """

    def __init__(self, percentile=50.0):
        self.percentile = percentile
        self.norms = []

    def __call__(self, parameters):
        parameters = [p for p in parameters if p.grad is not None]
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(p.grad.detach()) for p in parameters])).item()
        if norm < float("inf"):
            self.norms.append(norm)
        if self.norms:
            position = round(self.percentile / 100 * (len(self.norms) - 1))
            torch.nn.utils.clip_grad_norm_(parameters, max_norm=sorted(self.norms)[position])


class ZClip:
    """Kumar et al., "ZClip: Adaptive Spike Mitigation for LLM Pre-Training" (2025), with its numbers: a norm more than 2.5
    deviations above the exponential mean is brought down, the farther the more, and enters the statistics so."""

    MEMORY, LIMIT, WARM_UP = 0.97, 2.5, 25

    def __init__(self):
        self.first = []
        self.mean = self.variance = None

    def __call__(self, parameters):
        grads = [p.grad for p in parameters if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(grads).item()
        if len(self.first) < self.WARM_UP:
            self.first.append(norm)
            self.mean = sum(self.first) / len(self.first)
            self.variance = sum((each - self.mean) ** 2 for each in self.first) / len(self.first)
            return
        deviation = math.sqrt(self.variance)
        z = (norm - self.mean) / (deviation + 1e-6)
        if z > self.LIMIT:
            norm = self.mean + self.LIMIT**2 / z * deviation
            torch.nn.utils.clip_grad_norm_(parameters, norm)
        self.variance = self.MEMORY * self.variance + (1 - self.MEMORY) * (norm - self.mean) ** 2
        self.mean = self.MEMORY * self.mean + (1 - self.MEMORY) * norm


POLICIES = {
    "AutoClip p50": AutoClip,
    "AutoClip p10": lambda: AutoClip(percentile=10.0),
    "ZClip 2.5σ": ZClip,
}
"""What makes each of them, anew for each training."""
