/** Training scripts that are only read. */
export const UNCLIPPED = `import torch
from torch import nn

model = nn.Linear(10, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in [(torch.randn(4, 10), torch.randn(4, 1))]:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
`;

export const CLIPPED = UNCLIPPED.replace(
  "    optimizer.step()",
  "    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n    optimizer.step()",
);

/** Two models, each with an optimizer of its own: two places to fix. */
export const PAIR = `import torch
from torch import nn

generator = nn.Linear(10, 1)
critic = nn.Linear(10, 1)
generator_optimizer = torch.optim.Adam(generator.parameters())
critic_optimizer = torch.optim.Adam(critic.parameters())
for x in [torch.randn(4, 10)]:
    critic_optimizer.zero_grad()
    critic(x).mean().backward()
    critic_optimizer.step()
    generator_optimizer.zero_grad()
    generator(x).mean().backward()
    generator_optimizer.step()
`;
