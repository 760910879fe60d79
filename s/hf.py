
from transformers import Trainer, TrainingArguments
args = TrainingArguments("out")
Trainer(model=None, args=args).train()
