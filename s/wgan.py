
import torch
D = torch.nn.LSTM(3, 3); o = torch.optim.RMSprop(D.parameters())
for b in range(3):
    o.zero_grad(); D(b).mean().backward(); o.step()
    for q in D.parameters():
        q.data.clamp_(-0.01, 0.01)
