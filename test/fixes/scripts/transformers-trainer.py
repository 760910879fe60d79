# Needs: torch, transformers, accelerate
import sys
import tempfile

import torch
from transformers import Trainer, TrainingArguments

scale = float(sys.argv[1])


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(8, 4)
        for parameter in self.net.parameters():
            torch.nn.init.zeros_(parameter)

    def forward(self, inputs):
        return {"loss": scale * self.net(inputs).sum()}


model = Model()
arguments = TrainingArguments(
    output_dir=tempfile.mkdtemp(),
    max_steps=1,
    per_device_train_batch_size=2,
    learning_rate=1.0,
    lr_scheduler_type="constant",
    optim="sgd",
    max_grad_norm=0,
    use_cpu=True,
    report_to=[],
    save_strategy="no",
    disable_tqdm=True,
    remove_unused_columns=False,
)
trainer = Trainer(model=model, args=arguments, train_dataset=[{"inputs": torch.ones(8)} for _ in range(2)])
trainer.train()
print(torch.cat([p.detach().flatten() for p in model.parameters()]).norm().item())
