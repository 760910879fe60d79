# Needs: jax, optax, equinox
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

scale = float(sys.argv[1])
model = jax.tree.map(lambda x: x * 0 if eqx.is_array(x) else x, eqx.nn.Linear(8, 4, key=jax.random.key(0)))
optim = optax.sgd(1.0)
opt_state = optim.init(eqx.filter(model, eqx.is_array))


@eqx.filter_value_and_grad
def compute_loss(model, inputs):
    return scale * jax.vmap(model)(inputs).sum()


@eqx.filter_jit
def make_step(model, inputs, opt_state):
    loss, grads = compute_loss(model, inputs)
    updates, opt_state = optim.update(grads, opt_state, model)
    return eqx.apply_updates(model, updates), opt_state


model, opt_state = make_step(model, jnp.ones((2, 8)), opt_state)
print(float(optax.global_norm(eqx.filter(model, eqx.is_array))))
