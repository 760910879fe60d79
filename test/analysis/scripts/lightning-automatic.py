import lightning as L
import torch
from torch import nn


class Forecaster(L.LightningModule):
    def __init__(self, hidden=32):
        super().__init__()
        self.encoder = nn.LSTM(8, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 8)

    def training_step(self, batch, batch_idx):
        hidden, _ = self.encoder(batch[:, :-1])
        loss = nn.functional.mse_loss(self.head(hidden), batch[:, 1:])
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)


trainer = L.Trainer(max_epochs=3, gradient_clip_val=1.0)
trainer.fit(Forecaster(), torch.utils.data.DataLoader(torch.zeros(8, 5, 8)))
