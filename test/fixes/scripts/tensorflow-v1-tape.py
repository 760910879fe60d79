# Needs: tensorflow
"""A loop with a tape, whose optimizer has no argument that clips; the loss doesn't depend on one of the variables."""
import sys

import tensorflow as tf

scale = float(sys.argv[1])
weights = [tf.Variable(tf.zeros((8, 4))), tf.Variable(tf.zeros((4,))), tf.Variable(tf.zeros((3,)))]
optimizer = tf.compat.v1.train.GradientDescentOptimizer(1.0)


@tf.function
def train_step(x):
    with tf.GradientTape() as tape:
        loss = scale * tf.reduce_sum(x @ weights[0] + weights[1])
    gradients = tape.gradient(loss, weights)
    optimizer.apply_gradients(zip(gradients, weights))


train_step(tf.ones((2, 8)))
print(float(tf.linalg.global_norm(weights)))
