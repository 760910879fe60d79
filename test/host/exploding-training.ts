/** A small training in PyTorch whose learning rate becomes far too large halfway; nothing is clipped. */
export const EXPLODING_TRAINING = `import torch

torch.manual_seed(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(200):
    if step == 100:
        optimizer.param_groups[0]["lr"] = 2.0
    x = torch.randn(16, 4)
    optimizer.zero_grad()
    (model(x) - x.sum(dim=1, keepdim=True)).pow(2).mean().backward()
    optimizer.step()
`;
