"""Trains small networks one after the other on several ranks; or, as their oracle, on all their batches in one process.

    ranks.py [--oracle RANKS] [--die STEP] [--resume FILE] ddp|fsdp|hsdp|tensor|grid[+norm|+value|+part] …

A grid is FSDP2 over tensor parallelism. What follows the + is what is clipped: by norm, by value, or by norm a part of the
parameters.
"""

import argparse
import json
import os
import signal
import time

import torch
from torch import nn

STEPS = 6
NORM, VALUE = 0.05, 0.004

parser = argparse.ArgumentParser()
parser.add_argument("kinds", nargs="+")
parser.add_argument("--oracle", type=int, default=0)
parser.add_argument("--die", type=int)
parser.add_argument("--resume")
arguments = parser.parse_args()
torch.set_num_threads(1)


def network(kind):
    torch.manual_seed(0)
    if kind in ("tensor", "grid"):
        return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3))
    return nn.Sequential(nn.Linear(5, 7), nn.LayerNorm(7), nn.Tanh(), nn.Linear(7, 3))  # 3 rows don't do for four ranks


def loss_of(model, step, rank):
    x = torch.randn(6, 5, generator=torch.Generator().manual_seed(100 * step + rank))
    return (model(x) - x.sum(1, keepdim=True)).pow(2).mean()


def clip(model, how):
    if how == "norm":
        nn.utils.clip_grad_norm_(model.parameters(), NORM)
    elif how == "value":
        nn.utils.clip_grad_value_(model.parameters(), VALUE)
    elif how == "part":
        nn.utils.clip_grad_norm_(list(model.parameters())[:2], NORM)


def norm(tensors):
    return float(sum((tensor.detach().double() ** 2).sum() for tensor in tensors) ** 0.5)


def norm_of_gradients(model):
    return norm([parameter.grad for parameter in model.parameters()])


def batches(kind, ranks):
    """How many there are for all ranks: tensor parallelism has one for all that share a layer."""
    return {"tensor": 1, "grid": ranks // 2}.get(kind, ranks)


def oracle(kind, how):
    """Of each step the norm before and after clipping, the update-to-weight ratio and the norms of each layer's weights."""
    model = network(kind)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    norms = []
    for step in range(STEPS):
        optimizer.zero_grad()
        torch.stack([loss_of(model, step, i) for i in range(batches(kind, arguments.oracle))]).mean().backward()
        before = norm_of_gradients(model)
        clip(model, how)
        after = norm_of_gradients(model)
        weights = [parameter.detach().clone() for parameter in model.parameters()]
        optimizer.step()
        ratio = norm([now - was for now, was in zip(model.parameters(), weights)]) / norm(weights)
        norms.append([before, after, ratio, [norm([weight]) for weight in weights]])
    return norms


def split_layers(model, mesh):
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    return parallelize_module(model, mesh, {"0": ColwiseParallel(), "2": RowwiseParallel()})


def distributed(model, kind):
    from torch.distributed.device_mesh import init_device_mesh

    ranks = torch.distributed.get_world_size()
    if kind == "ddp":
        return nn.parallel.DistributedDataParallel(model)
    if kind == "tensor":
        return split_layers(model, init_device_mesh("cpu", (ranks,)))
    from torch.distributed.fsdp import fully_shard

    if kind == "grid":
        grid = init_device_mesh("cpu", (ranks // 2, 2), mesh_dim_names=("data", "layers"))
        return fully_shard(split_layers(model, grid["layers"]), mesh=grid["data"])
    if kind == "hsdp":
        mesh = init_device_mesh("cpu", (2, ranks // 2), mesh_dim_names=("replicas", "shards"))
    else:
        mesh = init_device_mesh("cpu", (ranks,))
    return fully_shard(model, mesh=mesh)


def train(kind, how, rank):
    model = distributed(network(kind), kind)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    first = 0
    if arguments.resume and os.path.exists(arguments.resume):
        saved = torch.load(arguments.resume)
        first = saved["next"]
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
    for step in range(first, STEPS):
        optimizer.zero_grad()
        ranks = torch.distributed.get_world_size()
        loss_of(model, step, rank * batches(kind, ranks) // ranks).backward()
        clip(model, how)
        optimizer.step()
        if arguments.resume and rank == 0 and step == 2:
            torch.save(
                {"next": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, arguments.resume
            )
        if step == arguments.die and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
            if rank == 1:
                time.sleep(1)  # more than what a killed process may lose
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)  # until the launcher ends it


trainings = [kind.partition("+")[::2] for kind in arguments.kinds]
if arguments.oracle:
    print(json.dumps([oracle(kind, how) for kind, how in trainings]))
else:
    if arguments.resume:
        # torchrun keeps one store for all its attempts, and a rank that starts again may find in it where the one that was
        # killed listened
        restart = os.environ["TORCHELASTIC_RESTART_COUNT"]
        ranks = {"rank": int(os.environ["RANK"]), "world_size": int(os.environ["WORLD_SIZE"])}
        torch.distributed.init_process_group("gloo", init_method=f"file://{arguments.resume}.store{restart}", **ranks)
    else:
        torch.distributed.init_process_group("gloo")
    for kind, how in trainings:
        train(kind, how, torch.distributed.get_rank())
    torch.distributed.destroy_process_group()
