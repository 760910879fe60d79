"""Squares, crosses and rings in noise, a third of the labels wrong: a convolutional net without norms, Adam. Judged on right labels."""

import torch
from torch import nn

SIDE = 10


def pictures(rows, generator):
    label = torch.randint(3, (rows,), generator=generator)
    shapes = torch.zeros(3, 5, 5)
    shapes[0], shapes[1, 2], shapes[2] = 1, 1, 1
    shapes[1, :, 2], shapes[2, 1:4, 1:4] = 1, 0
    picture = torch.randn(rows, 1, SIDE, SIDE, generator=generator)
    for row, (top, left) in enumerate(torch.randint(SIDE - 4, (rows, 2), generator=generator).tolist()):
        picture[row, 0, top : top + 5, left : left + 5] += 1.5 * shapes[label[row]]
    return picture, label


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(
        *(nn.Conv2d(1, 12, 3), nn.ReLU(), nn.Conv2d(12, 12, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(108, 32), nn.ReLU(), nn.Linear(32, 3)),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(1000 + seed)
    kept, kept_label = pictures(512, torch.Generator().manual_seed(2))

    def train(step):
        picture, label = pictures(16, generator)
        other = torch.randint(3, label.shape, generator=generator)
        wrong = torch.rand(label.shape, generator=generator) < 0.5
        return nn.functional.cross_entropy(model(picture), torch.where(wrong, other, label))

    return optimizer, train, lambda: nn.functional.cross_entropy(model(kept), kept_label)
