"""Epochs of loops of one's own: where a pass over a loader ends and the next begins, and where that can't be told."""

from __future__ import annotations

import threading
from typing import Any, Callable, Iterator, List, Tuple

import pytest
import torch
from recording import Recording
from torch.utils.data import DataLoader


class Training:
    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.weights = torch.nn.Parameter(torch.ones(2))
        self.optimizer = torch.optim.SGD([self.weights], lr=0.1)

    def update(self, *batches: Any) -> None:
        self.optimizer.zero_grad()
        sum((self.weights * batch.sum()).sum() for batch in batches).backward()
        self.optimizer.step()

    def epochs(self) -> List[Tuple[int, float]]:
        """Step and number, once all has arrived: a note is sent after what came before it."""
        self.recording.session.event("note", "end")
        hub = self.recording.hub
        hub.wait(lambda: any(event["kind"] == "note" for event in hub.events))
        id = self.recording._id(self.optimizer)
        return [
            (event["step"], event["data"]["epoch"])
            for event in hub.events
            if event["kind"] == "epoch" and event["series"] == id
        ]


@pytest.fixture
def training(recording: Recording) -> Training:
    return Training(recording)


def loader(batches: int, **options: Any) -> Any:
    return DataLoader(torch.ones(batches, 1), **options)  # type: ignore[arg-type]


def forever(batches: Any) -> Iterator[Any]:
    while True:
        yield from batches


def test_a_pass_after_a_whole_pass_is_an_epoch(training: Training) -> None:
    train, held_out = loader(5), loader(3)
    for _ in held_out:
        pass
    for _ in range(3):
        for batch in train:
            training.update(batch)
        for _ in held_out:
            pass
        for _ in train:  # to measure on
            pass
    for _ in train:  # once more, after the last update
        pass
    assert training.epochs() == [(5, 1), (10, 2)]


def test_with_validation_in_the_middle_and_gradients_that_accumulate(training: Training) -> None:
    train, held_out = loader(6, num_workers=0), loader(2)
    for _ in range(2):
        for number, batch in enumerate(train):
            if number % 2:
                training.update(batch)
            if number == 3:
                for _ in held_out:
                    break
    assert training.epochs() == [(3, 1)]


def test_batches_that_are_taken_one_by_one(training: Training) -> None:
    batches = forever(loader(4))
    for _ in range(10):
        training.update(next(batches))
    assert training.epochs() == [(4, 1), (8, 2)]


def test_workers_that_persist(training: Training) -> None:
    train = loader(3, num_workers=1, persistent_workers=True)
    for _ in range(2):
        for batch in train:
            training.update(batch)
    assert training.epochs() == [(3, 1)]


def breaks_off(training: Training) -> None:
    train = loader(5)
    for _ in range(3):
        for number, batch in enumerate(train):
            training.update(batch)
            if number == 2:
                break


def first_batch_again_and_again(training: Training) -> None:
    train = loader(5)
    for _ in range(8):
        training.update(next(iter(train)))


def two_loaders_at_once(training: Training) -> None:
    one, two = loader(4), loader(4)
    for _ in range(3):
        for pair in zip(one, two):
            training.update(*pair)


def a_new_loader_each_time(training: Training) -> None:
    for _ in range(3):
        for batch in loader(4):
            training.update(batch)


def shards_in_turn(training: Training) -> None:
    shards = [loader(3), loader(4)]
    for _ in range(3):
        for shard in shards:
            for batch in shard:
                training.update(batch)


def read_in_another_thread(training: Training) -> None:
    train = loader(4)
    for _ in range(3):
        read: List[Any] = []
        thread = threading.Thread(target=lambda: read.extend(train))
        thread.start()
        thread.join()
        for batch in read:
            training.update(batch)


def without_an_update(training: Training) -> None:
    train = loader(4)
    training.update(torch.ones(1))
    for _ in range(3):
        for _ in train:
            pass


@pytest.mark.parametrize(
    "loop",
    [
        breaks_off,
        first_batch_again_and_again,
        two_loaders_at_once,
        a_new_loader_each_time,
        shards_in_turn,
        read_in_another_thread,
        without_an_update,
    ],
)
def test_no_epoch_is_guessed(loop: Callable[[Training], None], training: Training) -> None:
    loop(training)
    assert training.epochs() == []


def test_each_of_two_optimizers_has_its_own_step(recording: Recording) -> None:
    critic, actor = Training(recording), Training(recording)
    train = loader(6)
    for _ in range(2):
        for number, batch in enumerate(train):
            critic.update(batch)
            if number % 3 == 2:
                actor.update(batch)
    assert critic.epochs() == [(6, 1)]
    assert actor.epochs() == [(2, 1)]
