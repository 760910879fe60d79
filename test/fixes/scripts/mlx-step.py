# Needs: mlx
import sys

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_flatten, tree_map

mx.set_default_device(mx.cpu)
scale = float(sys.argv[1])
model = nn.Linear(8, 4)
model.update(tree_map(mx.zeros_like, model.parameters()))
optimizer = optim.SGD(learning_rate=1.0)
loss_and_grad_fn = nn.value_and_grad(model, lambda m, x: scale * m(x).sum())
state = [model.state, optimizer.state]


def step(inputs):
    loss, grads = loss_and_grad_fn(model, inputs)
    optimizer.update(model, grads)
    return loss


step(mx.ones((2, 8)))
mx.eval(state)
print(sum((w.square()).sum().item() for _, w in tree_flatten(model.parameters())) ** 0.5)
