# Needs: paddle
import sys

import paddle

scale = float(sys.argv[1])
model = paddle.nn.Linear(8, 4)
for parameter in model.parameters():
    parameter.set_value(paddle.zeros_like(parameter))
optimizer = paddle.optimizer.SGD(learning_rate=1.0, parameters=model.parameters())

for inputs in [paddle.ones([2, 8])]:
    loss = scale * model(inputs).sum()
    loss.backward()
    optimizer.step()
    optimizer.clear_grad()

print(sum((p**2).sum().item() for p in model.parameters()) ** 0.5)
