# Needs: tensorflow
"""A graph of TensorFlow 1, whose optimizer makes gradients and update in one; a variable has no gradient."""
import sys

import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
scale = float(sys.argv[1])
weights = [tf.Variable(tf.zeros((3, 2))), tf.Variable(tf.zeros((2,))), tf.Variable(tf.zeros((5,)))]
loss = scale * tf.reduce_mean((tf.ones((4, 3)) @ weights[0] + weights[1] - tf.ones((4, 2))) ** 2)
global_step = tf.train.get_or_create_global_step()
train_op = tf.train.GradientDescentOptimizer(1.0).minimize(loss, global_step, weights)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(train_op)
    assert session.run(global_step) == 1
    print(float(session.run(tf.linalg.global_norm(weights))))
