import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

bare = nn.LSTM(8, 8)
model = DistributedDataParallel(bare)
optimizer = torch.optim.AdamW(bare.parameters())
for index, x in enumerate(torch.zeros(8, 5, 2, 8)):
    last = index % 4 == 3
    model.require_backward_grad_sync = last
    model(x)[0].sum().backward()
    if last:
        nn.utils.clip_grad_norm_(model.module.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
