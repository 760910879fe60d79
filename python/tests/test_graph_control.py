"""The threshold of a running training in Keras, TensorFlow, Optax or MLX is another at once, or it is said why it can't be.

Each script's gradients are the same at every step, all ones, so that its weights tell how each update was clipped.
"""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest
from conftest import command, environment
from testing_hub import HubForTests

Script = Callable[..., Path]

WEIGHTS = 7
"""Six, and a bias."""

RATE = 0.01

END = """
    import json, os, sys, time

    def is_over():
        time.sleep(0.005)
        return os.path.exists("done")

    def finish(before, after):
        with open("changes.json", "w") as out:
            json.dump([[b - a for b, a in zip(*pair)] for pair in zip(before, after)], out)
"""
HEAD = (
    END
    + f"""
    import numpy as np
    import keras

    x, y = np.ones((8, 6), "float32"), np.zeros((8, 1), "float32")
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    weights = lambda: [weight.ravel().tolist() for weight in model.get_weights()]
    before = weights()

    def optimizer(**clip):
        return keras.optimizers.SGD({RATE}, **clip)
"""
)
FIT = (
    HEAD
    + """
    class Until(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = is_over()

    how = json.loads(sys.argv[1])
    clip = how.pop("clip")
    model.compile(optimizer(**clip), lambda y, out: keras.ops.mean(out), **how)
    model.fit(x, y, batch_size=8, epochs=10**7, verbose=0, callbacks=[Until()])
    finish(before, weights())
"""
)
TAPE = (
    HEAD
    + """
    import tensorflow as tf
    how = json.loads(sys.argv[1])
    sgd, limit, wrap = optimizer(), how["limit"], how["wrap"]
    sgd.build(model.trainable_variables)

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x))
        gradients = tape.gradient(loss, model.trainable_variables)
        if how["by"] == "global_norm":  # of these, and of others
            gradients, _ = tf.clip_by_global_norm([*gradients, tf.constant([3.0])], limit)
            gradients = gradients[:-1]
        elif how["by"] == "norm":
            gradients = [tf.clip_by_norm(gradient, limit) for gradient in gradients]
        else:
            gradients = [tf.clip_by_value(gradient, -limit, limit) for gradient in gradients]
        sgd.apply_gradients(zip(gradients, model.trainable_variables))

    if wrap:
        step = tf.function(jit_compile=wrap == "xla")(step)
    while not is_over():
        step()
    finish(before, weights())
"""
)
OPTAX = (
    END
    + f"""
    import jax, jax.numpy as jnp, optax

    params = {{"kernel": jnp.ones(6), "bias": jnp.ones(1)}}
    before = [params[name].tolist() for name in ("kernel", "bias")]
    gradients = jax.tree_util.tree_map(jnp.ones_like, params)
    how = json.loads(sys.argv[1])
    injected = optax.inject_hyperparams(optax.clip_by_global_norm)
    clip = {{"global_norm": optax.clip_by_global_norm, "value": optax.clip, "injected": injected}}[how["by"]]
    tx = optax.chain(clip(0.5), optax.sgd({RATE}))
    state = tx.init(params)
    update = jax.jit(tx.update) if how["wrap"] else tx.update
    while not is_over():
        updates, state = update(gradients, state, params)
        params = optax.apply_updates(params, updates)
    finish(before, [params[name].tolist() for name in ("kernel", "bias")])
"""
)
MLX = (
    END
    + f"""
    import mlx.core as mx, mlx.nn as nn, mlx.optimizers as optim

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.kernel, self.bias = mx.ones(6), mx.ones(1)

    model = Model()
    weights = lambda: [model.kernel.tolist(), model.bias.tolist()]
    before = weights()
    optimizer = optim.SGD({RATE})
    differentiate = nn.value_and_grad(model, lambda: mx.sum(model.kernel) + mx.sum(model.bias))

    def step():
        loss, gradients = differentiate()
        gradients, _ = optim.clip_grad_norm(gradients, 0.5)
        optimizer.update(model, gradients)
        return loss

    if json.loads(sys.argv[1])["wrap"]:
        state = [model.state, optimizer.state]
        step = mx.compile(step, inputs=state, outputs=state)
    while not is_over():
        mx.eval(step(), model.parameters())
    finish(before, weights())
"""
)


def missing(*modules: str) -> Any:
    absent = [module for module in modules if importlib.util.find_spec(module) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {absent}")


@pytest.fixture
def trained(script: Script, hub: HubForTests, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts a training that goes on until it is told to end; once its clip has been seen, the series."""
    started = []

    def start(text: str, how: Any, **env: str) -> Any:
        more = environment(**hub.environment(), CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", **env)
        arguments = command("-m", "gradsight", "run", "--allow-control", str(script(text)), json.dumps(how))
        process = subprocess.Popen(arguments, env=more, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        started.append(process)
        has_clip = lambda: next((each for each in hub.series.values() if each["clip"]), None)  # noqa: E731
        series = hub.wait(has_clip, patience=300)["id"]  # the frameworks take long to load on a busy machine
        hub.wait_for_steps(series, 2)
        return process, series

    yield start
    for process in started:
        process.kill()
        process.wait()


def finished(process: "subprocess.Popen[str]", tmp_path: Path) -> List[List[float]]:
    """Of the kernel and the bias, how far each weight has come."""
    (tmp_path / "done").touch()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "the training goes on" not in errors, errors
    changes: List[List[float]] = json.loads((tmp_path / "changes.json").read_text())
    return changes


def fit(id: str, backend: str, clip: Dict[str, float], **how: Any) -> Any:
    env = {"KERAS_BACKEND": backend}
    return pytest.param(FIT, {"clip": clip, **how}, env, id=id, marks=missing("keras", backend))


def tape(id: str, by: str, wrap: Optional[str]) -> Any:
    how = {"by": by, "limit": 0.5, "wrap": wrap, "others": 9}
    return pytest.param(TAPE, how, {"KERAS_BACKEND": "tensorflow"}, id=id, marks=missing("keras", "tensorflow"))


def used(how: Any, limit: Optional[float]) -> List[float]:
    """What is left of a gradient of ones of the kernel, and of the bias, after clipping to this limit."""
    if limit is None:
        return [1.0, 1.0]
    by = how["by"] if "by" in how else next(iter(how["clip"]))
    if by in ("global_clipnorm", "global_norm"):
        return [min(1.0, limit / math.sqrt(WEIGHTS + how.get("others", 0)))] * 2
    if by in ("clipvalue", "value"):
        return [min(1.0, limit)] * 2
    return [min(1.0, limit / math.sqrt(WEIGHTS - 1)), min(1.0, limit)]


def other(id: str, text: str, module: str, by: str = "global_norm", wrap: bool = False) -> Any:
    return pytest.param(text, {"by": by, "limit": 0.5, "wrap": wrap}, {}, id=id, marks=missing(module))


@pytest.mark.parametrize(
    "text, how, env",
    [
        fit("torch", "torch", {"global_clipnorm": 0.5}),
        fit("torch-each", "torch", {"clipnorm": 0.5}),
        fit("jax-eager", "jax", {"global_clipnorm": 0.5}, run_eagerly=True),
        fit("tensorflow-eager", "tensorflow", {"clipvalue": 0.5}, run_eagerly=True),
        fit("tensorflow-graph", "tensorflow", {"clipnorm": 0.5}, jit_compile=False),
        fit("tensorflow-xla", "tensorflow", {"global_clipnorm": 0.5}, jit_compile=True),
        tape("tape-eager", "global_norm", None),
        tape("tape-xla", "global_norm", "xla"),
        tape("tape-value", "value", "graph"),
        tape("tape-each", "norm", None),
        other("optax", OPTAX, "optax"),
        other("optax-value", OPTAX, "optax", by="value"),
        other("mlx", MLX, "mlx"),
    ],
)
def test_holds_from_one_step_on_and_is_what_the_record_says(
    text: str, how: Any, env: Dict[str, str], trained: Any, hub: HubForTests, tmp_path: Path
) -> None:
    process, series = trained(text, how, **env)
    changes = [0.1, "off", 0.2, "script"]
    since = []
    try:
        assert hub.series[series]["fixed"] is None
        for id, threshold in enumerate(changes):
            hub.ask(id=id, series=series, threshold=threshold)
            answer = hub.wait_for_answer(id)
            assert answer["err"] is None
            told = hub.wait(lambda: [event for event in hub.events if event["data"].get("by")][id:])  # noqa: B023
            since.append(told[0]["step"])
            overrides = answer["control"]["overrides"]
            expected = {"series": series, "threshold": threshold, "since": since[-1]}
            assert overrides == ([] if threshold == "script" else [expected])
            hub.wait_for_steps(series, since[-1] + 3)
    finally:
        changed = finished(process, tmp_path)
    hub.wait(lambda: hub.end)
    steps = hub.steps(series)
    assert [step["step"] for step in steps] == list(range(len(steps)))

    limits = [0.5, 0.1, None, 0.2, 0.5]
    bounds = [0, *since, len(steps)]
    assert bounds == sorted(set(bounds))
    in_force = [limit for limit, *ends in zip(limits, bounds, bounds[1:]) for _ in range(*ends)]
    expected_changes = [sum(each) * RATE for each in zip(*(used(how, limit) for limit in in_force))]
    assert [changed[0], changed[1]] == [pytest.approx([each] * n, rel=1e-3) for each, n in zip(expected_changes, (6, 1))]
    each_used = [math.hypot(*[kernel] * 6, bias) for kernel, bias in (used(how, limit) for limit in in_force)]
    assert [step.get("norm_post", step["norm_pre"]) for step in steps] == pytest.approx(each_used, rel=1e-4)
    kind = hub.series[series]["clip"]["kind"]
    recorded = in_force if kind != "other" else [None] * len(steps)
    assert [step.get("threshold") for step in steps] == recorded
    own = 0.5 if kind != "other" else None
    told = [event for event in hub.events if event["kind"] == "threshold"]
    assert [(event["step"], event["data"]) for event in told] == [
        (since[0], {"from": own, "to": 0.1, "by": "user"}),
        (since[1], {"from": 0.1, "to": "Infinity", "by": "user"}),
        (since[2], {"from": "Infinity", "to": 0.2, "by": "user"}),
        (since[3], {"from": 0.2, "to": own, "by": "user"}),
    ]


@pytest.mark.parametrize(
    "text, how, env",
    [
        fit("keras-jax", "jax", {"global_clipnorm": 0.5}),
        other("optax", OPTAX, "optax", wrap=True),
        other("optax-in-state", OPTAX, "optax", by="injected", wrap=True),
        other("mlx", MLX, "mlx", wrap=True),
    ],
)
def test_what_is_compiled_says_that_it_can_not_be_changed(
    text: str, how: Any, env: Dict[str, str], trained: Any, hub: HubForTests, tmp_path: Path
) -> None:
    process, series = trained(text, how, **env)
    try:
        hub.ask(id=1, series=series, threshold=0.1)
        answer = hub.wait_for_answer(1)
        assert answer["control"]["overrides"] == []
        assert ("optimizer's state" if how.get("by") == "injected" else "part of the compiled step") in answer["err"]
        assert hub.series[series]["fixed"] == answer["err"]
        assert hub.series[series]["clip"]["function"] in answer["err"]
    finally:
        kernel, _ = finished(process, tmp_path)
    hub.wait(lambda: hub.end)
    assert {step["threshold"] for step in hub.steps(series)} == {0.5}
    assert kernel == pytest.approx([RATE * len(hub.steps(series)) * 0.5 / math.sqrt(WEIGHTS)] * 6, rel=1e-3)
