# Needs: tensorflow
"""A graph of TensorFlow 1, whose optimizers can't be told to clip."""
import sys

import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
scale = float(sys.argv[1])
weights = [tf.Variable(tf.zeros((3, 2))), tf.Variable(tf.zeros((2,)))]
loss = scale * tf.reduce_mean((tf.ones((4, 3)) @ weights[0] + weights[1] - tf.ones((4, 2))) ** 2)
optimizer = tf.train.GradientDescentOptimizer(1.0)
train_op = optimizer.apply_gradients(zip(tf.gradients(loss, weights), weights))

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(train_op)
    print(float(session.run(tf.linalg.global_norm(weights))))
