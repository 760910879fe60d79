
import tensorflow as tf
m = tf.keras.Sequential([tf.keras.layers.LSTM(4)])
o = tf.keras.optimizers.Adam()
@tf.function
def step(x):
    with tf.GradientTape() as t:
        l = tf.reduce_sum(m(x))
    g = t.gradient(l, m.trainable_variables)
    tf.clip_by_global_norm(g, 1.0)
    o.apply_gradients(zip(g, m.trainable_variables))
