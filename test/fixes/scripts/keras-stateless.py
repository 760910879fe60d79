# Needs: keras, jax
"""A loop of JAX around a Keras optimizer."""
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
import jax
import jax.numpy as jnp
import keras

scale = float(sys.argv[1])
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="zeros")])
optimizer = keras.optimizers.SGD(learning_rate=1.0)
optimizer.build(model.trainable_variables)


def compute_loss(trainable, others, x, y):
    out, others = model.stateless_call(trainable, others, x)
    return scale * jnp.mean((out - y) ** 2), others


grad_fn = jax.value_and_grad(compute_loss, has_aux=True)


@jax.jit
def train_step(state, x, y):
    trainable, others, slots = state
    (loss, others), grads = grad_fn(trainable, others, x, y)
    trainable, slots = optimizer.stateless_apply(slots, grads, trainable)
    return loss, (trainable, others, slots)


state = (
    [v.value for v in model.trainable_variables],
    [v.value for v in model.non_trainable_variables],
    [v.value for v in optimizer.variables],
)
loss, state = train_step(state, jnp.ones((4, 3)), jnp.ones((4, 2)))
print(float(jnp.sqrt(sum((w**2).sum() for w in state[0]))))
