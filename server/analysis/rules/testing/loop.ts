/** PyTorch scripts around the lines that a test is about. */

/** A recurrent network's training; `body`: what follows the loss, `before`: what precedes the model. */
export const loop = (body: string, before = "") => `import torch
from torch import nn
${before}
model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x in data:
    optimizer.zero_grad()
    loss = model(x)[0].sum()
${body
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
`;

/** Each gradient, changed by one statement. */
export const each = (change: string) => `for p in model.parameters():\n    ${change}`;

/** An optimizer that a class is handed. */
export const injected = (declared: string) => `import torch
from typing import Any, Optional
class Engine:
    def __init__(self, net, stepper${declared}):
        self.net, self.stepper = net, stepper
    def learn(self, batch):
        self.stepper.zero_grad()
        self.net(batch).sum().backward()
        self.stepper.step()
`;
