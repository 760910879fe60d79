"""An optimizer for each parameter that steps as soon as its gradient is there."""
import torch
from torch import nn

model = nn.LSTM(8, 8)
optimizers = {parameter: torch.optim.SGD([parameter], lr=0.1) for parameter in model.parameters()}


def step_now(parameter):
    optimizers[parameter].step()
    optimizers[parameter].zero_grad()


for parameter in model.parameters():
    parameter.register_post_accumulate_grad_hook(step_now)

for batch in torch.ones(4, 5, 2, 8):
    model(batch)[0].mean().backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- changed-after-clip
