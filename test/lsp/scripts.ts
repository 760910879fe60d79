/** Training scripts that the tests open. */

/** A recurrent network that trains without clipping: one finding, at the update. */
export const UNCLIPPED = `import torch
from torch import nn

model = nn.LSTM(4, 4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in batches:
    optimizer.zero_grad()
    loss = (model(x)[0] - y).pow(2).mean()
    loss.backward()
    optimizer.step()
`;

/** The same, clipped as it should be. */
export const CLIPPED = UNCLIPPED.replace(
  "    optimizer.step()\n",
  "    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n    optimizer.step()\n",
);

/** The same, clipped by a function whose name has been deprecated: safe to fix. */
export const DEPRECATED = CLIPPED.replace("clip_grad_norm_(", "clip_grad_norm(");
