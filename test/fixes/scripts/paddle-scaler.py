# Needs: paddle
import sys

import paddle
from paddle import nn

scale = float(sys.argv[1])
model = nn.Linear(8, 4)
for parameter in model.parameters():
    parameter.set_value(paddle.zeros_like(parameter))
optimizer = paddle.optimizer.SGD(
    learning_rate=1.0,
    parameters=model.parameters(),
)
scaler = paddle.amp.GradScaler(init_loss_scaling=1024)

for inputs in [paddle.ones([2, 8])]:
    loss = scale * model(inputs).sum()
    scaled = scaler.scale(loss)
    scaled.backward()
    scaler.minimize(optimizer, scaled)
    optimizer.clear_grad()

print(sum((p**2).sum().item() for p in model.parameters()) ** 0.5)
