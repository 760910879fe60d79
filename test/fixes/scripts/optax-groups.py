# Needs: jax, optax
import sys

import jax
import jax.numpy as jnp
import optax

scale = float(sys.argv[1])
params = {"encoder": jnp.zeros((8, 4)), "head": jnp.zeros(4)}
tx = optax.multi_transform(
    {"slow": optax.sgd(1.0), "fast": optax.sgd(1.0)}, {"encoder": "slow", "head": "fast"}
)
state = tx.init(params)
value_and_grad = jax.value_and_grad(lambda p, x: scale * (x @ p["encoder"] + p["head"]).sum())
loss, grads = value_and_grad(params, jnp.ones((2, 8)))
updates, state = tx.update(grads, state, params)
print(float(optax.global_norm(optax.apply_updates(params, updates))))
