# Needs: jax
import sys

import jax
import jax.numpy as jnp
from jax.example_libraries import optimizers

scale = float(sys.argv[1])
init, update, get_params = optimizers.sgd(1.0)
state = init(jnp.zeros((8, 4)))


@jax.jit
def step(i, state, inputs):
    grads = jax.grad(lambda w: scale * (inputs @ w).sum())(get_params(state))
    return update(i, grads, state)


state = step(0, state, jnp.ones((2, 8)))
print(float(jnp.linalg.norm(get_params(state))))
