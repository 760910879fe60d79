import torch
from torch import nn

model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x in torch.zeros(3, 5, 2, 8):
    optimizer.zero_grad()
    try:
        model(x)[0].sum().backward()
    except RuntimeError as error:
        if "out of memory" not in str(error):
            raise
        torch.cuda.empty_cache()
        continue
    finally:
        print("done")
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
