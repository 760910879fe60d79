
import torch
from accelerate import Accelerator
acc = Accelerator(gradient_accumulation_steps=4)
model = torch.nn.LSTM(3, 3); opt = torch.optim.Adam(model.parameters())
model, opt = acc.prepare(model, opt)
for b in range(3):
    with acc.accumulate(model):
        acc.backward(model(b).sum())
        acc.clip_grad_norm_(model.parameters(), 1.0)
        opt.step(); opt.zero_grad()
