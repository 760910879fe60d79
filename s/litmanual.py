
import lightning as L, torch
class M(L.LightningModule):
    def __init__(self):
        super().__init__(); self.net = torch.nn.LSTM(3, 3)
        self.automatic_optimization = False
    def training_step(self, b, i):
        o = self.optimizers()
        o.zero_grad()
        self.manual_backward(self.net(b).sum())
        o.step()
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())
L.Trainer(max_epochs=3, gradient_clip_val=1.0).fit(M())
