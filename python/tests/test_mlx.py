"""MLX, eager and compiled: against norms that a second gradient of the same loss gives in NumPy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import command, environment, run
from testing_hub import POST_DERIVED, HubForTests

pytest.importorskip("mlx.core", reason="MLX is not installed")

Script = Callable[..., Path]

SCRIPT = """
    import json, sys
    from functools import partial
    import numpy as np
    import mlx.core as mx, mlx.nn as nn, mlx.optimizers as optim
    from mlx.utils import tree_flatten

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            mx.random.seed(0)
            self.layers = [nn.Linear(6, 8), nn.Linear(8, 1)]
        def __call__(self, x):
            return self.layers[1](nn.gelu(self.layers[0](x)))

    def loss_of(model, x, y):
        return mx.mean((model(x) - y) ** 2)

    def batch(number):
        x = np.random.default_rng(number).normal(size=(16, 6)).astype(np.float32)
        return mx.array(x), mx.array(3 * x.sum(1, keepdims=True))

    def oracle(model, number):
        loss, grads = nn.value_and_grad(model, loss_of)(model, *batch(number))
        norm = np.sqrt(sum((np.array(leaf).astype(np.float64) ** 2).sum() for _, leaf in tree_flatten(grads)))
        return [float(loss), float(norm)]

    def trained(optimizer, clip, compiled, evaluate, steps=5):
        model, said = Model(), []
        differentiate = nn.value_and_grad(model, loss_of)

        def step(x, y):
            loss, grads = differentiate(model, x, y)
            if clip:
                grads, _ = optim.clip_grad_norm(grads, max_norm=clip)
            optimizer.update(model, grads)
            return loss

        if compiled:
            state = [model.state, optimizer.state]
            step = mx.compile(step, inputs=state, outputs=state)
        for number in range(steps):
            said.append(oracle(model, number))
            loss = step(*batch(number))
            evaluate(loss, model.parameters(), optimizer.state)
        return said, np.array(mx.concatenate([leaf.flatten() for _, leaf in tree_flatten(model.parameters())])).tolist()

    def rarely(*arrays):
        rarely.calls += 1
        if rarely.calls % 2 == 0:
            mx.eval(*arrays)
    rarely.calls = 0

    eager, clipping, compiled, pipelined, lazy, measured = (optim.SGD(learning_rate=0.01) for _ in range(6))
    print(json.dumps([
        trained(eager, None, False, mx.eval),
        trained(clipping, 2.0, False, mx.eval),
        trained(compiled, 2.0, True, mx.eval),
        trained(pipelined, 2.0, True, mx.async_eval, steps=12),
        trained(lazy, None, False, rarely, steps=4),
        trained(optim.SGD(learning_rate=0.01), None, True, mx.eval),
        trained(measured, float("inf"), True, mx.eval),
    ]))
"""


def test_loops(script: Script, hub: HubForTests) -> None:
    path = script(SCRIPT)
    done = run(command("-m", "gradsight", "run", str(path)), env=environment(**hub.environment()))
    assert done.returncode == 0, done.stderr
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("gradsight: ")]
    assert told.startswith("gradsight: an update inside mx.compile is recorded only if clip_grad_norm")
    hub.wait(lambda: hub.end)
    said = json.loads(done.stdout.splitlines()[-1])
    plain = run(command(str(path)))
    assert [weights for _, weights in json.loads(plain.stdout)] == [weights for _, weights in said]  # bit by bit

    ids = dict(zip(["eager", "clipping", "compiled", "pipelined"], hub.series))
    for (id, series), (numbers, _) in zip(list(hub.series.items())[:4], said):
        steps = hub.steps(id)
        assert [step["step"] for step in steps] == list(range(len(numbers))), series
        assert [step["norm_pre"] for step in steps] == near([norm for _, norm in numbers])
        assert [step["loss"] for step in steps] == near([loss for loss, _ in numbers])
        assert [step["lr"] for step in steps] == near([0.01] * len(numbers))
        assert series["optimizer"] == "mlx.optimizers.SGD"
    for name in ("clipping", "compiled", "pipelined"):
        steps = hub.steps(ids[name])
        assert {step["threshold"] for step in steps} == {2.0}
        assert [step["norm_post"] for step in steps] == near([min(step["norm_pre"], 2.0) for step in steps])
        assert {step["flags"] for step in steps} == {0 if name == "clipping" else POST_DERIVED}
        assert max(step["norm_pre"] for step in steps) > 2.0
        clip = hub.series[ids[name]]["clip"]
        lines = path.read_text().splitlines()
        assert "optim.clip_grad_norm(" in lines[clip["location"]["line"] - 1]
    assert list(hub.layers(ids["eager"])[0]) == [f"layers.{i}.{kind}" for i in (0, 1) for kind in ("weight", "bias")]

    lazy, measured = list(hub.series)[4:]
    steps = hub.steps(measured)
    assert [step["norm_pre"] for step in steps] == near([norm for _, norm in said[6][0]])
    assert all("threshold" not in step and "norm_post" not in step for step in steps)
    steps = hub.steps(lazy)  # of two updates in one evaluation the second is known
    assert [step["step"] for step in steps] == [1, 3]
    assert [step["norm_pre"] for step in steps] == near([said[4][0][number][1] for number in (1, 3)])
    assert [event["data"] for event in hub.events if event["kind"] == "gap"] == [
        {"from": 0, "to": 0},
        {"from": 2, "to": 2},
    ]
    assert hub.hellos[-1]["run"]["framework"] == "mlx"


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-4)
