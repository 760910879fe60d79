
import lightning as L, torch
class M(L.LightningModule):
    def __init__(self):
        super().__init__(); self.net = torch.nn.LSTM(3, 3)
    def training_step(self, b, i):
        return self.net(b).sum()
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())
L.Trainer(max_epochs=3).fit(M())
