# Needs: keras, torch
"""A loop of PyTorch around a Keras optimizer."""
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
import torch

scale = float(sys.argv[1])
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="zeros")])
optimizer = keras.optimizers.SGD(learning_rate=1.0)

for x, y in [(torch.ones(4, 3), torch.ones(4, 2))]:
    model.zero_grad()
    loss = scale * ((model(x) - y) ** 2).mean()
    loss.backward()
    trainable_weights = [v for v in model.trainable_weights]
    gradients = [v.value.grad for v in trainable_weights]
    with torch.no_grad():
        optimizer.apply(gradients, trainable_weights)

print(float(torch.sqrt(sum((v.value.detach() ** 2).sum() for v in model.trainable_weights))))
