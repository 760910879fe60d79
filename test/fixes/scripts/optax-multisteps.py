# Needs: jax, optax
import sys

import jax
import jax.numpy as jnp
from optax import MultiSteps, apply_updates, chain, clip_by_global_norm, global_norm, sgd

scale = float(sys.argv[1])
params = jnp.zeros(4)
tx = MultiSteps(sgd(1.0), every_k_schedule=2)
state = tx.init(params)

# The second batch makes up for most of the first: the mean is what should be clipped.
for inputs in [jnp.full(4, 3.0), jnp.full(4, -1.0)]:
    grads = jax.grad(lambda p: scale * (inputs * p).sum())(params)
    updates, state = tx.update(grads, state, params)
    params = apply_updates(params, updates)
print(float(global_norm(params)))
