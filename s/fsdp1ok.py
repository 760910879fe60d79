
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

from torch.distributed.fsdp import FullyShardedDataParallel as FSDP
model = FSDP(model)
opt = torch.optim.AdamW(model.parameters())
for x in range(3):
    opt.zero_grad(); model(x).sum().backward()
    model.clip_grad_norm_(1.0)
    opt.step()
