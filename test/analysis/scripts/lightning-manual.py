import lightning as L
import torch
from torch import nn


class Pair(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.first = nn.LSTM(8, 8)
        self.second = nn.LSTM(8, 8)

    def training_step(self, batch, batch_idx):
        opt_a, opt_b = self.optimizers()
        opt_a.zero_grad()
        self.manual_backward(self.first(batch)[0].sum())
        self.clip_gradients(opt_a, gradient_clip_val=0.5, gradient_clip_algorithm="norm")
        opt_a.step()
        opt_b.zero_grad()
        self.manual_backward(self.second(batch)[0].sum())
        self.clip_gradients(opt_b, gradient_clip_val=0.5, gradient_clip_algorithm="norm")
        opt_b.step()

    def configure_optimizers(self):
        return torch.optim.Adam(self.first.parameters()), torch.optim.Adam(self.second.parameters())
