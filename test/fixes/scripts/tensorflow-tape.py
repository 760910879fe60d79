# Needs: tensorflow
"""A loop with a tape, whose optimizer comes from the caller."""
import sys

import tensorflow as tf

scale = float(sys.argv[1])
weights = [tf.Variable(tf.zeros((3, 2))), tf.Variable(tf.zeros((2,)))]


@tf.function
def train_step(x, y, optimizer):
    with tf.GradientTape() as tape:
        loss = scale * tf.reduce_mean((x @ weights[0] + weights[1] - y) ** 2)
    gradients = tape.gradient(loss, weights)
    optimizer.apply_gradients(zip(gradients, weights))
    return loss


def main(step, optimizer):
    step(tf.ones((4, 3)), tf.ones((4, 2)), optimizer)


main(train_step, tf.keras.optimizers.SGD(learning_rate=1.0))
print(float(tf.linalg.global_norm(weights)))
