import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup

tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, eps=1e-8)
scheduler = get_linear_schedule_with_warmup(optimizer, 0, 1000)
for texts, labels in []:
    batch = tokenizer(texts, return_tensors="pt", padding=True)
    model.zero_grad()
    loss = model(**batch, labels=labels).loss
    loss.backward()
    optimizer.step()  # <- missing-clipping
    scheduler.step()
