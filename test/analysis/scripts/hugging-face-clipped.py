import torch
from torch.nn.utils import clip_grad_norm_
from transformers import AutoModelForCausalLM


def train(model, loader, optimizer, scheduler, limit):
    model.train()
    for batch in loader:
        outputs = model(**batch)
        outputs.loss.backward()
        clip_grad_norm_(model.parameters(), limit)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()


causal = AutoModelForCausalLM.from_pretrained("gpt2")
adam = torch.optim.AdamW(causal.parameters(), lr=5e-5)
train(causal, [], adam, torch.optim.lr_scheduler.ConstantLR(adam), 1.0)
