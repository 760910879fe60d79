# Needs: jax, optax
import sys

import jax
import jax.numpy as jnp
import optax

scale = float(sys.argv[1])
params = {"w": jnp.zeros((8, 4)), "b": jnp.zeros(4)}
tx = optax.chain(
    optax.zero_nans(),
    optax.scale_by_learning_rate(1.0),
)


def body(carry, inputs):
    params, state = carry
    grads = jax.grad(lambda p: scale * (inputs @ p["w"] + p["b"]).sum())(params)
    updates, state = tx.update(grads, state, params)
    return (optax.apply_updates(params, updates), state), None


(params, _), _ = jax.lax.scan(body, (params, tx.init(params)), jnp.ones((1, 2, 8)))
print(float(optax.global_norm(params)))
