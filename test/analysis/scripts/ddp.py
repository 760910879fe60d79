import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel as DDP


def worker(rank, size):
    dist.init_process_group("gloo", rank=rank, world_size=size)
    model = DDP(nn.LSTM(8, 8).to(rank), device_ids=[rank])
    optimizer = torch.optim.AdamW(model.parameters())
    for x in torch.zeros(3, 5, 2, 8):
        optimizer.zero_grad()
        model(x.to(rank))[0].sum().backward()
        optimizer.step()  # <- missing-clipping
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.multiprocessing.spawn(worker, args=(2,), nprocs=2)
