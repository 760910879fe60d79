
import mlx.core as mx, mlx.nn as nn, mlx.optimizers as optim
m = nn.LSTM(3, 3); o = optim.Adam(1e-3)
lg = nn.value_and_grad(m, lambda m, x: m(x).sum())
for x in range(3):
    l, g = lg(m, x)
    o.update(m, g)
    mx.eval(m.parameters(), o.state)
