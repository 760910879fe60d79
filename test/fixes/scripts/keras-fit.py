# Needs: keras, jax
"""A compiled model, with the optimizer by its constructor."""
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

scale = float(sys.argv[1])
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="zeros")])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=1.0), loss=lambda y, p: scale * (p - y) ** 2)
model.fit(np.ones((4, 3)), np.ones((4, 2)), batch_size=4, epochs=1, verbose=0)
print(float(np.sqrt(sum((np.asarray(w) ** 2).sum() for w in model.get_weights()))))
