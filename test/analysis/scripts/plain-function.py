import torch
import torch.nn as nn
import torch.optim as optim


class Tagger(nn.Module):
    def __init__(self, words, tags):
        super().__init__()
        self.embed = nn.Embedding(words, 64)
        self.encoder = nn.LSTM(64, 64, bidirectional=True)
        self.out = nn.Linear(128, tags)

    def forward(self, sentence):
        hidden, _ = self.encoder(self.embed(sentence))
        return self.out(hidden)


def train(batches, epochs):
    net = Tagger(1000, 12)
    opt = optim.Adam(net.parameters())
    criterion = nn.CrossEntropyLoss()
    for _ in range(epochs):
        for sentence, tags in batches:
            net.zero_grad()
            loss = criterion(net(sentence).flatten(0, 1), tags.flatten())
            loss.backward()
            opt.step()  # <- missing-clipping


train([], epochs=2)
