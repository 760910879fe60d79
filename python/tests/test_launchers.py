"""Launchers and the processes that they start: each rank of a run is recorded, helpers are not."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, List

import pytest
from conftest import command, environment, run
from gradsight import _children
from testing_crowd import Crowd
from testing_hub import POST_DERIVED, HubForTests
from testing_warm import Warm

pytest.importorskip("torch", reason="PyTorch is not installed")

Script = Callable[..., Path]

RANK = """
    import os, sys
    import torch
    from torch import nn

    torch.set_num_threads(1)

    def train(rank, world, steps=4):
        torch.distributed.init_process_group("gloo", rank=rank, world_size=world, **METHOD)
        torch.manual_seed(0)
        model = nn.parallel.DistributedDataParallel(nn.Linear(4, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(steps):
            optimizer.zero_grad()
            x = torch.randn(8, 4, generator=torch.Generator().manual_seed(10 * step + rank))
            loss = (model(x) - x.sum(1, keepdim=True)).pow(2).mean()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            if "--die" in sys.argv and rank == 1 and step == 2:
                import time
                time.sleep(1)
                os.kill(os.getpid(), 9)
        torch.distributed.destroy_process_group()
"""
UNDER_TORCHRUN = (
    RANK.replace("METHOD", "{}")
    + """
    train(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
"""
)


def recorded(crowd: Crowd, *arguments: str, cwd: Path) -> Any:
    env = environment(**crowd.environment(), OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    return run(command("-m", "gradsight", "run", *arguments), env=env, cwd=cwd)


def recorded_warm(warm: Warm, crowd: Crowd, *arguments: str, cwd: Path) -> Any:
    """The same, of what is about the processes that it starts and not about its own start."""
    env = environment(**crowd.environment(), OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    return warm.run(["-m", "gradsight", "run", *arguments], env, str(cwd))


TORCHRUN = ["--standalone", "--nproc-per-node", "2"]


def check_ranks(crowd: Crowd, path: Path, series: str = "optimizer") -> None:
    first, second = crowd.ranks(2)
    assert [hub.hellos[0]["rank"] for hub in (first, second)] == [0, 1]
    assert {hub.hellos[0]["worldSize"] for hub in (first, second)} == {2}
    assert len({hub.hellos[0]["run"]["id"] for hub in (first, second)}) == 1
    for hub in (first, second):
        steps = hub.steps(series)
        assert [step["step"] for step in steps] == list(range(4))
        assert {step["threshold"] for step in steps} == {0.5}
        assert hub.hellos[0]["run"]["script"] == str(path)
        end = hub.end
        assert end is not None and end["status"] == "finished"
    norms = [[step["norm_pre"] for step in hub.steps(series)] for hub in (first, second)]
    assert norms[0] == pytest.approx(norms[1])  # gradients are averaged: what is global is the same on each
    losses = [[step["loss"] for step in hub.steps(series)] for hub in (first, second)]
    assert losses[0] != losses[1]  # the loss is each rank's own


def test_torchrun(script: Script, crowd: Crowd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command; as a module the tests below have it."""
    monkeypatch.setenv("PATH", os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]))
    path = script(UNDER_TORCHRUN)
    done = recorded(crowd, "torchrun", *TORCHRUN, str(path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check_ranks(crowd, path)
    assert len(crowd.attempts) == 2  # the launcher itself is no run


def test_torchrun_from_outside(script: Script, crowd: Crowd, tmp_path: Path) -> None:
    path = script(UNDER_TORCHRUN)
    env = environment(**crowd.environment(), OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    arguments = ["-m", "torch.distributed.run", *TORCHRUN, "-m", "gradsight", "run", str(path)]
    done = run(command(*arguments), env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check_ranks(crowd, path)


def test_a_rank_that_dies(script: Script, crowd: Crowd, tmp_path: Path, warm: Warm) -> None:
    path = script(UNDER_TORCHRUN)
    done = recorded_warm(warm, crowd, "-m", "torch.distributed.run", *TORCHRUN, str(path), "--die", cwd=tmp_path)
    assert done.returncode != 0
    assert "Signal 9" in done.stderr
    first, second = crowd.ranks(2, ended=False)
    assert second.end is None  # killed: it said nothing, and the connection is gone
    assert [step["step"] for step in second.steps("optimizer")] == [0, 1, 2]
    crowd.wait(lambda: first.end)
    assert first.end is not None and first.end["status"] != "finished"
    assert {hub.hellos[0]["run"]["script"] for hub in (first, second)} == {str(path)}
    assert len(crowd.attempts) == 2  # the launcher itself is no run


@pytest.mark.parametrize("start", ["spawn", "forkserver"])
def test_processes_that_the_script_starts(start: str, script: Script, crowd: Crowd, tmp_path: Path, warm: Warm) -> None:
    """A server of forks has PyTorch loaded before there is a process that trains."""
    method = 'dict(init_method="file://" + sys.argv[1])'
    path = script(
        RANK.replace("METHOD", method)
        + f"""
    if __name__ == "__main__":
        torch.multiprocessing.set_forkserver_preload(["torch"])
        torch.multiprocessing.start_processes(train, (2,), nprocs=2, start_method="{start}")
"""
    )
    done = recorded_warm(warm, crowd, str(path), str(tmp_path / "group"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check_ranks(crowd, path)
    assert len({hub.hellos[0]["run"]["id"] for hub in crowd.attempts.values()}) == 1  # theirs is the parent's


UNTIL_DONE = """
    import os, time
    import torch
    from torch import nn

    torch.set_num_threads(1)
    if "MASTER_PORT" in os.environ:
        torch.distributed.init_process_group("gloo")
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    while not os.path.exists("done"):
        optimizer.zero_grad()
        (100 * model(torch.ones(8, 4))).pow(2).mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        time.sleep(0.02)
"""
ONE_BY_ACCELERATE = ["-m", "accelerate.commands.launch", "--cpu", "--num_processes", "1", "--num_machines", "1"]
ONE_BY_ACCELERATE += ["--mixed_precision", "no", "--dynamo_backend", "no"]


@pytest.mark.parametrize(
    "launcher",
    [["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "1"], ONE_BY_ACCELERATE],
    ids=["torchrun", "accelerate"],
)
def test_one_process_of_a_launcher_can_be_controlled(
    launcher: List[str], script: Script, hub: HubForTests, tmp_path: Path
) -> None:
    pytest.importorskip(launcher[1].partition(".")[0])
    env = environment(**hub.environment(), OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    arguments = ["-m", "gradsight", "run", "--allow-control", *launcher, str(script(UNTIL_DONE))]
    process = subprocess.Popen(command(*arguments), env=env, cwd=tmp_path)
    try:
        hub.wait(lambda: (hub.series.get("optimizer") or {}).get("clip"))
        assert hub.hellos[-1]["control"] == {"overrides": [], "paused": None}
        hub.ask(id=1, series="optimizer", threshold=0.5)
        answer = hub.wait_for_answer(1)
        assert answer["err"] is None
        (override,) = answer["control"]["overrides"]
        hub.wait_for_steps("optimizer", override["since"] + 1)
    finally:
        (tmp_path / "done").touch()
    assert process.wait(60) == 0
    hub.wait(lambda: hub.end)
    steps = hub.steps("optimizer")
    assert [step["threshold"] for step in steps] == [5.0 if step["step"] < override["since"] else 0.5 for step in steps]
    assert steps[-1]["threshold"] == 0.5


def test_what_a_launcher_was_allowed_is_allowed_to_its_own_children_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(_children.CONTROL_VARIABLE, raising=False)
    assert _children.allowed_by_launcher() == (False, False)
    _children.allow(_children.Allowed(True, True))
    assert _children.allowed_by_launcher() == (False, False)  # this process is the launcher
    monkeypatch.setattr(os, "getppid", os.getpid)
    assert _children.allowed_by_launcher() == (True, True)
    _children.allow(_children.Allowed(True, False))
    assert _children.allowed_by_launcher() == (True, False)


def test_a_script_that_starts_trainings(script: Script, crowd: Crowd, tmp_path: Path) -> None:
    script(
        """
        import sys, torch
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=float(sys.argv[1]))
        (weight ** 2).sum().backward()
        optimizer.step()
        """,
        "one.py",
    )
    path = script(
        """
        import subprocess, sys
        trainings = [subprocess.Popen([sys.executable, "one.py", rate]) for rate in ("0.1", "0.2")]
        assert [training.wait() for training in trainings] == [0, 0]
        print(subprocess.check_output([sys.executable, "-c", "import sys; print(sys.argv, 'gradsight' in sys.modules)"]))
        """,
        "sweep.py",
    )
    done = recorded(crowd, str(path), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "b\"['-c'] False\\n\"\n"), done.stderr
    runs = crowd.ranks(2)
    assert sorted(hub.hellos[0]["run"]["args"] for hub in runs) == [["0.1"], ["0.2"]]
    assert len({hub.hellos[0]["run"]["id"] for hub in crowd.attempts.values()}) == 3


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_a_data_loader(method: str, script: Script, crowd: Crowd, tmp_path: Path, warm: Warm) -> None:
    path = script(
        f"""
        import torch
        class Data(torch.utils.data.Dataset):
            def __len__(self):
                return 4
            def __getitem__(self, index):
                return torch.ones(2)
        if __name__ == "__main__":
            torch.multiprocessing.set_forkserver_preload(["torch"])
            weight = torch.nn.Parameter(torch.ones(2))
            optimizer = torch.optim.SGD([weight], lr=0.1)
            for batch in torch.utils.data.DataLoader(Data(), num_workers=1, multiprocessing_context="{method}"):
                optimizer.zero_grad()
                (batch @ weight).sum().backward()
                optimizer.step()
        """
    )
    done = recorded_warm(warm, crowd, str(path), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (hub,) = crowd.ranks(1)
    assert len(hub.steps("optimizer")) == 4
    assert len(crowd.attempts) == 1


def test_a_hidden_sitecustomize_runs(script: Script, crowd: Crowd, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    script("print('customized')", "site/sitecustomize.py")
    path = script("import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1)'])")
    env = environment(**crowd.environment())
    env["PYTHONPATH"] = os.pathsep.join([env["PYTHONPATH"], str(tmp_path / "site")])
    done = run(command("-m", "gradsight", "run", str(path)), env=env, cwd=tmp_path)
    assert done.stdout == "customized\ncustomized\n1\n"


def test_pytest(script: Script, crowd: Crowd, tmp_path: Path, warm: Warm) -> None:
    script(
        """
        import torch
        def test_it():
            weight = torch.nn.Parameter(torch.ones(2))
            optimizer = torch.optim.SGD([weight], lr=0.1)
            (weight ** 2).sum().backward()
            optimizer.step()
        """,
        "test_it.py",
    )
    bare = warm.run(["-m", "pytest", "-q", "test_it.py"], environment(), str(tmp_path))
    done = recorded_warm(warm, crowd, "-m", "pytest", "-q", "test_it.py", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, bare.stdout.splitlines()[0])
    (hub,) = crowd.ranks(1)
    assert len(hub.steps("optimizer")) == 1


def test_accelerate_launch(script: Script, crowd: Crowd, tmp_path: Path) -> None:
    pytest.importorskip("accelerate", reason="Accelerate is not installed")
    path = script(
        """
        import sys, torch
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        (weight ** 2).sum().backward()
        optimizer.step()
        sys.exit(3)
        """
    )
    done = recorded(crowd, *ONE_BY_ACCELERATE, str(path), cwd=tmp_path)
    assert "returned non-zero exit status 3" in done.stderr
    (hub,) = crowd.ranks(1)
    assert len(hub.steps("optimizer")) == 1
    assert hub.hellos[0]["run"]["script"] == str(path)
    assert len(crowd.attempts) == 1  # the launcher itself is no run


def test_accelerate_launch_of_several_ranks(script: Script, crowd: Crowd, tmp_path: Path) -> None:
    pytest.importorskip("accelerate", reason="Accelerate is not installed")
    path = script(
        """
        import torch
        from accelerate import Accelerator
        from torch import nn

        torch.set_num_threads(1)
        accelerator = Accelerator(cpu=True)
        torch.manual_seed(0)
        model = nn.Linear(4, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model, optimizer = accelerator.prepare(model, optimizer)
        for step in range(4):
            optimizer.zero_grad()
            x = torch.randn(8, 4, generator=torch.Generator().manual_seed(10 * step + accelerator.process_index))
            accelerator.backward((model(x) - x.sum(1, keepdim=True)).pow(2).mean())
            accelerator.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
        accelerator.end_training()
        """
    )
    # Without GPUs `accelerate launch` starts several processes only if it takes them for the processes of GPUs.
    options = ["--multi_gpu", "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"]
    options += ["--dynamo_backend", "no", "--main_process_port", "0"]
    crowd_environment = crowd.environment(ACCELERATE_USE_CPU="true")
    env = environment(**crowd_environment, OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    arguments = ["-m", "gradsight", "run", "-m", "accelerate.commands.launch", *options, str(path)]
    done = run(command(*arguments), env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check_ranks(crowd, path, "SGD")
    assert len(crowd.attempts) == 2  # the launcher itself is no run


TWO_BARE_RANKS = """
    import os, runpy, socket, sys

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free.getsockname()[1]), WORLD_SIZE="2")
    children = []
    for rank in range(2):
        children.append(os.fork())
        if children[-1] == 0:
            os.environ["RANK"] = str(rank)
            runpy.run_path(sys.argv[1], run_name="__main__")
            sys.exit(0)
    sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def test_gradients_that_are_spread_over_ranks(script: Script, crowd: Crowd, tmp_path: Path, warm: Warm) -> None:
    """A norm that the script worked out is every rank's; without that each rank tells its share, and none is made up."""
    path = script(
        """
        import json, torch
        from torch import nn
        from torch.distributed.fsdp import fully_shard
        from torch.distributed.device_mesh import init_device_mesh

        torch.distributed.init_process_group("gloo")
        torch.manual_seed(0)
        model = fully_shard(nn.Linear(4, 3), mesh=init_device_mesh("cpu", (2,)))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        norms, layers, weights, ratios = [], [], [], []
        for step in range(5):
            optimizer.zero_grad()
            before = {name: p.full_tensor().detach().clone() for name, p in model.named_parameters()}
            weights.append({name: float(weight.norm()) for name, weight in before.items()})
            loss = model(torch.ones(3, 4)).pow(2).mean()
            loss.backward()
            layers.append({name: float(p.grad.full_tensor().norm()) for name, p in model.named_parameters()})
            if step < 3:
                norms.append(float(nn.utils.clip_grad_norm_(model.parameters(), 0.5).to_local()))
            optimizer.step()
            moved = [p.full_tensor().detach() - before[name] for name, p in model.named_parameters()]
            whole = [torch.cat([part.flatten() for part in parts]).norm() for parts in (moved, before.values())]
            ratios.append(float(whole[0] / whole[1]))
        if torch.distributed.get_rank() == 0:
            print(json.dumps([norms, layers, weights, ratios, float(loss)]))
        torch.distributed.destroy_process_group()
        """
    )
    arguments = ["-m", "torch.distributed.run", *TORCHRUN, str(path)]
    alone = environment(OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    bare = warm.run([str(script(TWO_BARE_RANKS, "bare.py")), str(path)], alone, str(tmp_path))
    done = recorded_warm(warm, crowd, *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, bare.stdout), done.stderr
    assert "the training goes on" not in done.stderr
    norms, layers, weights, ratios, _ = json.loads(done.stdout)
    for hub in crowd.ranks(2):
        steps = hub.steps("optimizer")
        assert [step["step"] for step in steps] == list(range(5))
        assert all(step["loss"] > 0 for step in steps)
        assert [step["norm_pre"] for step in steps[:3]] == pytest.approx(norms)
        assert [(step["flags"], step["threshold"]) for step in steps[:3]] == [(POST_DERIVED, 0.5)] * 3
        assert [step["norm_post"] for step in steps[:3]] == pytest.approx([min(0.5, norm) for norm in norms], rel=1e-5)
        assert all("norm_pre" not in step and "norm_post" not in step for step in steps[3:])
        assert [step["step"] for step in steps if "shard_pre" in step] == [3, 4]
        frames = [frame["metadata"] for frame in hub.received.values() if "columns" in frame]
        assert {metadata.get("shares") for metadata in frames if "layers" in metadata} == {"1"}
    first, second = (hub.hellos[0] for hub in crowd.ranks(2))
    assert first["group"] is not None and first["group"] == second["group"]
    for kind, expected in (("layer", layers), ("weight", weights)):
        shares = [hub.layers("optimizer", kind) for hub in crowd.ranks(2)]
        told_by_both = sorted(set(shares[0]) & set(shares[1]))
        assert 0 in told_by_both
        for step in told_by_both:
            whole = {name: math.hypot(*(share[step][name] for share in shares)) for name in ("weight", "bias")}
            assert whole == pytest.approx(expected[step], rel=1e-5)
    told = [{step["step"]: step for step in hub.steps("optimizer") if "shard_update" in step} for hub in crowd.ranks(2)]
    assert 1 in told[0] and 1 in told[1]
    for step in set(told[0]) & set(told[1]):
        update, weight = (math.hypot(*(of[step][share] for of in told)) for share in ("shard_update", "shard_weights"))
        assert update / weight == pytest.approx(ratios[step], rel=1e-5)
