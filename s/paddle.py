
import paddle
m = paddle.nn.LSTM(3, 3); o = paddle.optimizer.Adam(parameters=m.parameters())
for x in range(3):
    m(x).sum().backward(); o.step(); o.clear_grad()
