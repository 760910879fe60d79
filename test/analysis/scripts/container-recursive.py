import torch

def walk(layer, make):
    found = []
    for part in layer.children():
        if part.deep:
            _, inner = walk(part, make)
            found.extend(inner)
        else:
            found.append(make(part))
    return layer, found

_, optimizers = walk(net, lambda part: torch.optim.SGD(part.parameters(), lr=0.1))
for batch in batches:
    net(batch).sum().backward()
    for optimizer in optimizers:
        optimizer.step()  # <- missing-clipping
        optimizer.zero_grad()
