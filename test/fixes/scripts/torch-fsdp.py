# Needs: torch
import sys
import tempfile

import torch
import torch.distributed as dist
from torch.distributed.fsdp import FullyShardedDataParallel as FSDP

scale = float(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=0, world_size=1)
    layer = torch.nn.Linear(8, 4)
    for parameter in layer.parameters():
        torch.nn.init.zeros_(parameter)
    model = FSDP(layer, device_id=torch.device("cpu"))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)

    optimizer.zero_grad()
    loss = scale * model(torch.ones(2, 8)).sum()
    loss.backward()
    optimizer.step()

    print(torch.cat([p.detach().flatten() for p in model.parameters()]).norm().item())
    dist.destroy_process_group()
