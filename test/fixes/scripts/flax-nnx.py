# Needs: jax, optax, flax
import sys

import jax.numpy as jnp
import optax
from flax import nnx

scale = float(sys.argv[1])
model = nnx.Linear(8, 4, kernel_init=nnx.initializers.zeros, rngs=nnx.Rngs(0))
optimizer = nnx.Optimizer(model, optax.sgd(1.0), wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer, inputs):
    loss, grads = nnx.value_and_grad(lambda m: scale * m(inputs).sum())(model)
    optimizer.update(model, grads)
    return loss


train_step(model, optimizer, jnp.ones((2, 8)))
print(float(optax.global_norm(nnx.state(model, nnx.Param))))
