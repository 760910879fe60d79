"""TensorFlow loops with a ``GradientTape``: eager, as a ``tf.function``, and compiled by XLA."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import command, environment, run
from testing_hub import BY_VALUE, HubForTests

pytest.importorskip("keras", reason="Keras is not installed")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

SCRIPT = """
    import json
    import numpy as np
    import tensorflow as tf
    import keras

    variables = [tf.Variable(np.random.default_rng(0).normal(size=(6, 1)), dtype=tf.float32, name="w"), tf.Variable([0.0])]
    x = tf.constant(np.random.default_rng(1).normal(size=(16, 6)), tf.float32)
    y = 3 * tf.reduce_sum(x, axis=1, keepdims=True)

    def loss_and_gradients():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ variables[0] + variables[1] - y) ** 2)
        return loss, tape.gradient(loss, variables)

    def trained(optimizer, clip, wrap, steps=5):
        optimizer.build(variables)
        said = []

        @wrap
        def step():
            loss, gradients = loss_and_gradients()
            clipped = clip(gradients)
            optimizer.apply_gradients(zip(clipped, variables))
            return loss, tf.linalg.global_norm(gradients), tf.linalg.global_norm(clipped)

        for _ in range(steps):
            said.append([float(number) for number in step()])
        return said

    by_norm = lambda gradients: tf.clip_by_global_norm(gradients, 2.0)[0]
    by_value = lambda gradients: [tf.clip_by_value(gradient, -0.5, 0.5) for gradient in gradients]
    rate = 0.01
    eager, graph, compiled, valued = (keras.optimizers.SGD(rate) for _ in range(4))
    print(json.dumps([
        trained(eager, by_norm, lambda step: step),
        trained(graph, by_norm, tf.function),
        trained(compiled, lambda gradients: gradients, tf.function(jit_compile=True), steps=4000),
        trained(valued, by_value, tf.function),
    ]))
"""


def test_loops(script: Callable[..., Path], hub: HubForTests) -> None:
    path = script(SCRIPT)
    env = environment(**hub.environment(), KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
    done = run(command("-m", "gradsight", "run", str(path)), env=env)
    assert done.returncode == 0, done.stderr
    assert "the training goes on" not in done.stderr, done.stderr
    hub.wait(lambda: hub.end)
    said = json.loads(done.stdout.splitlines()[-1])
    assert len(hub.series) == len(said)
    for id, numbers in zip(hub.series, said):
        steps = hub.steps(id)
        assert [step["step"] for step in steps] == list(range(len(numbers)))
        assert [step["loss"] for step in steps] == near([loss for loss, _, _ in numbers])
        assert [step["norm_pre"] for step in steps] == near([before for _, before, _ in numbers])
        assert [step.get("norm_post", step["norm_pre"]) for step in steps] == near([after for *_, after in numbers])
    eager, graph, compiled, valued = hub.series.values()
    for series in (eager, graph):
        assert {step["threshold"] for step in hub.steps(series["id"])} == {2.0}
        assert series["clip"]["function"] == "tf.clip_by_global_norm"
    assert all("threshold" not in step for step in hub.steps(compiled["id"]))
    assert {(step["threshold"], step["flags"]) for step in hub.steps(valued["id"])} == {(0.5, BY_VALUE)}


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-4)
