
import tensorflow as tf
m = tf.keras.Sequential([tf.keras.layers.LSTM(4)])
m.compile(optimizer=tf.keras.optimizers.Adam(clipnorm=1.0), loss="mse")
m.fit([1], [2])
