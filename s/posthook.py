
import torch, torch.nn as nn
model = nn.LSTM(8, 8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

for q in model.parameters():
    q.register_post_accumulate_grad_hook(lambda q: torch.nn.utils.clip_grad_norm_(q, 1.0))
for x in range(3):
    opt.zero_grad(); model(x).sum().backward(); opt.step()
