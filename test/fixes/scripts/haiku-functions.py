# Needs: jax, optax, haiku
import sys

import haiku as hk
import jax
import jax.numpy as jnp
import optax

scale = float(sys.argv[1])
network = hk.without_apply_rng(hk.transform(lambda x: hk.Linear(4, w_init=jnp.zeros)(x)))
params = network.init(jax.random.PRNGKey(0), jnp.ones((2, 8)))
init, update = optax.sgd(1.0)


def loss_fn(params, inputs):
    return scale * network.apply(params, inputs).sum()


grads = jax.grad(loss_fn)(params, jnp.ones((2, 8)))
updates, _ = update(grads, init(params), params)
params = optax.apply_updates(params, updates)
print(float(optax.global_norm(params)))
