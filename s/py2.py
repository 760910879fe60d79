
import torch
m = torch.nn.LSTM(3, 3); o = torch.optim.Adam(m.parameters())
for x in range(3):
    m(x).sum().backward(); o.step()
    print "loss", x
