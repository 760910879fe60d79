import torch
from torch import nn

model = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4), 2).cuda()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
for x in torch.zeros(8, 6, 2, 32):
    with torch.autocast("cuda", dtype=torch.bfloat16):
        loss = model(x.cuda()).pow(2).mean()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    print(norm.item())
