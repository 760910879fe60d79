# Needs: jax, optax
import sys

import jax
import jax.numpy as jnp
import optax

scale = float(sys.argv[1])
params = {"w": jnp.zeros((8, 4)), "b": jnp.zeros(4)}
tx = optax.sgd(1.0)
state = tx.init(params)


@jax.jit
def train_step(params, state, inputs):
    grads = jax.grad(lambda p: scale * (inputs @ p["w"] + p["b"]).sum())(params)
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state


params, state = train_step(params, state, jnp.ones((2, 8)))
print(float(optax.global_norm(params)))
