"""``torch.save``: what is a checkpoint of the training, at which step, and what is none."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any, List, Tuple

import pytest
import torch
from recording import Recording


def network() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))


def train(model: Any, optimizer: Any, updates: int) -> None:
    for _ in range(updates):
        optimizer.zero_grad()
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()


def told(recording: Recording, *optimizers: Any) -> List[Tuple[int, str]]:
    """Step and path of each checkpoint, once all has arrived: a note is sent after what came before it."""
    recording.session.event("note", "end")
    recording.hub.wait(lambda: any(event["kind"] == "note" for event in recording.hub.events))
    ids = [recording._id(optimizer) for optimizer in optimizers]
    return [
        (event["step"], event["data"]["path"])
        for event in recording.hub.events
        if event["kind"] == "checkpoint" and event["series"] in ids
    ]


def test_what_holds_the_weights_is_a_checkpoint_of_the_step_before(recording: Recording, tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    torch.save(model.state_dict(), tmp_path / "untrained.pt")
    train(model, optimizer, 3)
    copied = {f"module.{name}": tensor.detach().half() for name, tensor in model.state_dict().items()}
    saved: List[Any] = [
        model.state_dict(),
        {"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict()},
        {"nets": [model]},
        copied,
    ]
    for number, obj in enumerate(saved):
        torch.save(obj, str(tmp_path / f"{number}.pt"))
    train(model, optimizer, 1)
    with open(tmp_path / "open.pt", "wb") as file:
        torch.save(obj=model, f=file)
    assert told(recording, optimizer) == [
        *((2, str(tmp_path / f"{number}.pt")) for number in range(len(saved))),
        (3, str(tmp_path / "open.pt")),
    ]
    (first, *_) = [event for event in recording.hub.events if event["kind"] == "checkpoint"]
    assert first["message"] == f"{tmp_path.name}/0.pt"


def test_what_does_not_hold_them_is_none(recording: Recording, tmp_path: Path) -> None:
    model, other = network(), torch.nn.Linear(7, 2)
    optimizer = torch.optim.Adam(model.parameters())
    train(model, optimizer, 1)
    for obj in (
        other.state_dict(),
        {"losses": [torch.ones(3)], "step": 1},
        optimizer.state_dict(),
        model[0].weight,  # type: ignore[index]
        {"first": model[0].weight},  # type: ignore[index]
        [parameter.grad for parameter in model.parameters()],
    ):
        torch.save(obj, tmp_path / "other.pt")
    torch.save(model.state_dict(), io.BytesIO())  # to hand it on
    with pytest.raises(Exception):
        torch.save(model.state_dict(), tmp_path / "no such folder" / "model.pt")
    assert told(recording, optimizer) == []


def test_of_several_optimizers_those_whose_weights_are_saved(recording: Recording, tmp_path: Path) -> None:
    generator, critic = network(), torch.nn.Linear(3, 1)
    first, second = torch.optim.SGD(generator.parameters(), lr=0.1), torch.optim.SGD(critic.parameters(), lr=0.1)
    train(generator, first, 2)
    train(critic, second, 5)
    torch.save(critic.state_dict(), tmp_path / "critic.pt")
    torch.save({"g": generator.state_dict(), "c": critic.state_dict()}, tmp_path / "both.pt")
    assert told(recording, first) == [(1, str(tmp_path / "both.pt"))]
    assert told(recording, second) == [(4, str(tmp_path / "critic.pt")), (4, str(tmp_path / "both.pt"))]


def test_a_file_of_safetensors(recording: Recording, tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train(model, optimizer, 2)
    safetensors.save_file(model.state_dict(), tmp_path / "file.safetensors")
    safetensors.save_file({"other": torch.ones(3)}, tmp_path / "other.safetensors")
    train(model, optimizer, 1)
    safetensors.save_model(model, str(tmp_path / "model.safetensors"))
    assert told(recording, optimizer) == [
        (1, str(tmp_path / "file.safetensors")),
        (2, str(tmp_path / "model.safetensors")),
    ]
    assert torch.equal(safetensors.load_file(tmp_path / "model.safetensors")["0.bias"], model.state_dict()["0.bias"])


class Application:
    """Tells a distributed checkpoint its state by itself."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model = model

    def state_dict(self) -> Any:
        return {"model": self.model.state_dict()}

    def load_state_dict(self, state: Any) -> None:
        self.model.load_state_dict(state["model"])


def test_a_distributed_checkpoint(recording: Recording, tmp_path: Path) -> None:
    """Also one that another thread writes while the training goes on, which holds the step at which it was begun."""
    dcp = pytest.importorskip("torch.distributed.checkpoint", reason="this PyTorch has none")
    if not hasattr(dcp, "async_save"):
        pytest.skip("this PyTorch saves none in the background")
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        train(model, optimizer, 2)
        dcp.save({"model": model.state_dict()}, checkpoint_id=tmp_path / "first")
        dcp.save({"optimizer": optimizer.state_dict()}, checkpoint_id=tmp_path / "none")
        train(model, optimizer, 1)
        under_way = dcp.async_save({"app": Application(model)}, checkpoint_id=str(tmp_path / "second"))
        train(model, optimizer, 3)
        under_way.result()
        dcp.save({"app": Application(model)}, storage_writer=dcp.FileSystemWriter(tmp_path / "third"))
    finally:
        torch.distributed.destroy_process_group()
    assert told(recording, optimizer) == [
        (1, str(tmp_path / "first")),
        (2, str(tmp_path / "second")),
        (5, str(tmp_path / "third")),
    ]


def test_what_another_thread_saves_is_of_no_step_that_is_known(recording: Recording, tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train(model, optimizer, 1)
    thread = threading.Thread(target=torch.save, args=(model.state_dict(), tmp_path / "model.pt"))
    thread.start()
    thread.join()
    assert told(recording, optimizer) == []


def test_ignite(recording: Recording, tmp_path: Path) -> None:
    ignite = pytest.importorskip("ignite.engine", reason="Ignite is not installed")
    from ignite.handlers import Checkpoint, DiskSaver

    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trainer = ignite.Engine(lambda engine, batch: train(model, optimizer, 1))
    keeps = Checkpoint({"model": model, "optimizer": optimizer}, DiskSaver(str(tmp_path), create_dir=True), n_saved=None)
    trainer.add_event_handler(ignite.Events.EPOCH_COMPLETED, keeps)
    trainer.run(range(4), max_epochs=2)
    assert told(recording, optimizer) == [(3, str(tmp_path / "checkpoint_4.pt")), (7, str(tmp_path / "checkpoint_8.pt"))]


def test_another_rank_tells_of_none(recording: Recording, tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train(model, optimizer, 1)
    recording.session.identity = recording.session.identity._replace(rank=1)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    recording.session.identity = recording.session.identity._replace(rank=0)
    assert told(recording, optimizer) == []


def test_it_is_saved_as_without_the_probe(recording: Recording, tmp_path: Path) -> None:
    model = network()
    train(model, torch.optim.SGD(model.parameters(), lr=0.1), 1)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    loaded = torch.load(tmp_path / "model.pt")
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in model.state_dict().items())
    assert torch.save.__name__ == "save" and torch.save is torch.serialization.save
