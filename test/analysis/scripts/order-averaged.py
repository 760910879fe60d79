"""Gradients that are averaged over the processes by hand: once in order, once after the clip."""
import torch
import torch.distributed as dist
from torch import nn


def average(model):
    size = float(dist.get_world_size())
    for parameter in model.parameters():
        if parameter.grad is None:
            continue
        dist.all_reduce(parameter.grad.data, op=dist.ReduceOp.SUM)  # <- changed-after-clip
        parameter.grad.data /= size


def train(model, batches):
    optimizer = torch.optim.Adam(model.parameters())
    for batch in batches:
        optimizer.zero_grad()
        model(batch)[0].mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        average(model)
        optimizer.step()


def train_in_order(model, batches):
    optimizer = torch.optim.Adam(model.parameters())
    for batch in batches:
        optimizer.zero_grad()
        model(batch)[0].mean().backward()
        for parameter in model.parameters():
            dist.all_reduce(parameter.grad, op=dist.ReduceOp.AVG)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


train(nn.LSTM(8, 8), torch.ones(4, 5, 2, 8))
train_in_order(nn.LSTM(8, 8), torch.ones(4, 5, 2, 8))
