# Needs: keras, torch
"""A compiled model under PyTorch, with the optimizer by its name."""
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import numpy as np
from keras import Input, Sequential, layers

scale = float(sys.argv[1])
model = Sequential([Input((3,)), layers.Dense(2, kernel_initializer="zeros")])
model.compile("sgd", loss=lambda y, p: scale * (p - y) ** 2)
model.optimizer.learning_rate = 1.0
model.train_on_batch(np.ones((4, 3)), np.ones((4, 2)))
print(float(np.sqrt(sum((w**2).sum() for w in model.get_weights()))))
