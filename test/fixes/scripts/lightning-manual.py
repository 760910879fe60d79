# Needs: torch, lightning
import sys

import lightning.pytorch as pl
import torch

scale = float(sys.argv[1])


class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.net = torch.nn.Linear(8, 4)
        for parameter in self.net.parameters():
            torch.nn.init.zeros_(parameter)

    def training_step(self, batch, index):
        opt = self.optimizers()
        opt.zero_grad()
        self.manual_backward(scale * self.net(batch).sum())
        opt.step()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


model = Model()
trainer = pl.Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False)
trainer.fit(model, torch.utils.data.DataLoader(torch.ones(2, 8), batch_size=2))
print(torch.cat([p.detach().flatten() for p in model.parameters()]).norm().item())
