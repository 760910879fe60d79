# Needs: jax, optax, flax
import functools
import sys

import jax
import jax.numpy as jnp
import optax
from flax import jax_utils
from flax import linen as nn
from flax.training.train_state import TrainState

scale = float(sys.argv[1])


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(4, kernel_init=nn.initializers.zeros)(x)


def create_train_state(model):
    params = model.init(jax.random.key(0), jnp.ones((1, 8)))["params"]
    return TrainState.create(apply_fn=model.apply, params=params, tx=optax.sgd(learning_rate=1.0))


def train_step(state, batch, axis):
    grads = jax.grad(lambda p: scale * state.apply_fn({"params": p}, batch).sum())(state.params)
    grads = jax.lax.pmean(grads, axis_name=axis)
    return state.apply_gradients(grads=grads)


state = jax_utils.replicate(create_train_state(Net()))
p_train_step = jax.pmap(functools.partial(train_step, axis="batch"), axis_name="batch")
state = p_train_step(state, jnp.ones((jax.local_device_count(), 2, 8)))
print(float(optax.global_norm(jax_utils.unreplicate(state).params)))
