"""Keras 3 on each of its backends, as scripts: against gradients that a second optimizer, or the clip itself, saw."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import Any, Callable, List

import pytest
from conftest import command, environment, run
from testing_hub import BY_VALUE, SKIPPED, HubForTests

pytest.importorskip("keras", reason="Keras is not installed")

Script = Callable[..., Path]
BACKENDS = [
    pytest.param(
        backend,
        marks=pytest.mark.skipif(importlib.util.find_spec(backend) is None, reason=f"{backend} is not installed"),
    )
    for backend in ("torch", "jax", "tensorflow")
]

# What the optimizer got and what it used, as the traced step itself says: written by the script, in its own way.
HEAD = """
    import json, os, sys
    import numpy as np
    import keras

    seen = {}

    def norm(tensors):
        return keras.ops.sqrt(sum(keras.ops.sum(keras.ops.square(keras.ops.cast(t, "float32"))) for t in tensors))

    def say(name, number):
        hear = lambda value: seen.setdefault(name, []).append(float(value))
        if keras.backend.backend() == "jax":
            import jax
            jax.debug.callback(hear, number)
        elif keras.backend.backend() == "tensorflow":
            import tensorflow as tf
            tf.py_function(hear, [number], [])
        else:
            hear(number)

    class Seen(keras.optimizers.SGD):
        def _backend_update_step(self, grads, trainable_variables, learning_rate):
            say(self.name, norm(grads))
            return super()._backend_update_step(grads, trainable_variables, learning_rate)

    def data(n=96):
        generator = np.random.default_rng(0)
        x = generator.normal(size=(n, 6)).astype("float32")
        return x, (3 * x.sum(1, keepdims=True)).astype("float32")

    def network():
        keras.utils.set_random_seed(0)
        layers = [keras.layers.Dense(8, activation="tanh", name="hidden"), keras.layers.Dense(1, name="out")]
        return keras.Sequential([keras.Input((6,)), *layers])

    def fit(optimizer, x, y, epochs=1):
        model = network()
        model.compile(optimizer=optimizer, loss="mse", jit_compile=keras.backend.backend() == "jax")
        return model.fit(x, y, batch_size=32, epochs=epochs, shuffle=False, verbose=0).history["loss"]

    def tell(more=None):
        if keras.backend.backend() == "jax":
            import jax
            jax.effects_barrier()
        print(json.dumps([seen, more]))
"""


def train(script: Script, hub: HubForTests, backend: str, text: str, **more: str) -> List[Any]:
    """Runs the script with the recording on; what it says it saw."""
    path = script(HEAD + text)
    env = environment(**hub.environment(), KERAS_BACKEND=backend, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    done = run(command("-m", "gradsight", "run", str(path)), env=env)
    assert done.returncode == 0, done.stderr
    assert "the training goes on" not in done.stderr, done.stderr
    hub.wait(lambda: hub.end)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-4)


def line_of(text: str, hub: HubForTests) -> int:
    """1-based, in the script that ran."""
    lines = Path(hub.hellos[0]["run"]["script"]).read_text().splitlines()
    return 1 + next(number for number, line in enumerate(lines) if text in line)


@pytest.mark.parametrize("backend", BACKENDS)
def test_fit(backend: str, script: Script, hub: HubForTests) -> None:
    seen, losses = train(
        script,
        hub,
        backend,
        """
    x, y = data()
    optimizer = Seen(0.01, global_clipnorm=2.0, name="seen")
    tell(fit(optimizer, x, y, epochs=3))
    """,
    )
    (series,) = hub.series.values()
    steps = hub.steps("optimizer")
    assert [step["step"] for step in steps] == list(range(9))
    assert [step["norm_post"] for step in steps] == near(seen["seen"])
    assert [min(step["norm_pre"], 2.0) for step in steps] == near(seen["seen"])
    assert max(step["norm_pre"] for step in steps) > 2.0
    assert {step["threshold"] for step in steps} == {2.0}
    assert [step["lr"] for step in steps] == near([0.01] * 9)
    assert [sum(step["loss"] for step in steps[i : i + 3]) / 3 for i in (0, 3, 6)] == near(losses)
    assert {step["flags"] for step in steps} == {0}
    assert series["clip"]["kind"] == "norm"
    assert series["site"]["line"] == line_of("return model.fit(", hub)
    layers = hub.layers("optimizer")[0]
    assert [name.split("/", 1)[1] for name in layers] == ["hidden/kernel", "hidden/bias", "out/kernel", "out/bias"]
    assert math.hypot(*layers.values()) == near(steps[0]["norm_pre"])
    assert hub.hellos[-1]["run"]["framework"] == "keras"


@pytest.mark.parametrize("backend", BACKENDS)
def test_how_an_optimizer_may_be_told_to_clip(backend: str, script: Script, hub: HubForTests) -> None:
    seen, _ = train(
        script,
        hub,
        backend,
        """
    x, y = data()
    x[40] = np.inf  # in the second batch
    plain = Seen(0.01, name="plain")
    fit(plain, x[:32], y[:32], epochs=3)
    fit(Seen(0.0, clipvalue=1000.0, name="lenient"), x, y)
    by_value = Seen(0.01, clipvalue=0.05, name="by_value")
    fit(by_value, x[:32], y[:32], epochs=2)
    one_by_one = Seen(0.01, clipnorm=0.1, name="one_by_one")
    fit(one_by_one, x[:32], y[:32], epochs=2)
    accumulates = Seen(0.01, gradient_accumulation_steps=3, global_clipnorm=1.0, name="accumulates")
    fit(accumulates, x[:32], y[:32], epochs=6)
    scaled = Seen(0.0, name="scaled")
    fit(keras.optimizers.LossScaleOptimizer(scaled, initial_scale=1024.0), x, y, epochs=2)
    tell()
    """,
    )
    names = ["plain", "lenient", "by_value", "one_by_one", "accumulates", "scaled"]
    ids = dict(zip(names, hub.series))
    first = hub.steps(ids["plain"])[0]["norm_pre"]
    assert [step["norm_pre"] for step in hub.steps(ids["plain"])] == near(seen["plain"])
    assert all("norm_post" not in step and "threshold" not in step for step in hub.steps(ids["plain"]))

    lenient = hub.steps(ids["lenient"])
    assert [math.isfinite(step["norm_pre"]) for step in lenient] == [True, False, False]
    epoch, nonfinite = [event for event in hub.events if event["series"] == ids["lenient"]]
    assert [(event["kind"], event["step"]) for event in (epoch, nonfinite)] == [("epoch", 0), ("nonfinite", 1)]
    assert nonfinite["data"]["parameter"].endswith("hidden/kernel")

    steps = hub.steps(ids["by_value"])
    assert [step["norm_post"] for step in steps] == near(seen["by_value"])
    assert steps[0]["norm_pre"] == near(first)
    assert ({step["threshold"] for step in steps}, {step["flags"] for step in steps}) == ({0.05}, {BY_VALUE})

    steps = hub.steps(ids["one_by_one"])
    assert [step["norm_post"] for step in steps] == near(seen["one_by_one"])
    assert steps[0]["norm_pre"] == near(first)
    assert all("threshold" not in step for step in steps)
    assert hub.series[ids["one_by_one"]]["clip"]["kind"] == "other"

    steps = hub.steps(ids["accumulates"])  # one step of three passes over the same batch: the same gradient
    used = seen["accumulates"][2::3] if backend == "jax" else seen["accumulates"]  # JAX computes and throws away
    assert [step["norm_post"] for step in steps] == near(used)
    assert len(steps) == 2
    assert steps[0]["norm_pre"] == near(first)

    steps = hub.steps(ids["scaled"])
    assert [step["flags"] & SKIPPED for step in steps] == [0, SKIPPED, 0] * 2
    assert [step["loss_scale"] for step in steps] == [1024, 1024, 512, 512, 512, 256]
    assert [steps[i]["norm_pre"] for i in (0, 2, 3, 5)] == near(seen["scaled"])
    assert steps[0]["norm_pre"] == near(first)
    assert steps[0]["loss"] == near(hub.steps(ids["plain"])[0]["loss"])
    assert not math.isfinite(steps[1]["norm_pre"])


def test_on_pytorch_with_an_optimizer_of_pytorch(script: Script, hub: HubForTests) -> None:
    train(
        script,
        hub,
        "torch",
        """
    import torch
    model, (x, y) = network(), data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(3):
        optimizer.zero_grad()
        ((model(x) - torch.tensor(y)) ** 2).mean().backward()
        optimizer.step()
    tell()
    """,
    )
    assert list(hub.series) == ["optimizer"]
    assert len(hub.steps("optimizer")) == 3
