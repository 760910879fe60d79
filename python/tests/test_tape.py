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


def test_checkpoints(script: Callable[..., Path], hub: HubForTests, tmp_path: Path) -> None:
    """Of the optimizer, which holds the weights itself. The path is what ``restore`` takes, which is no file."""
    path = script(
        f"""
        import numpy as np
        import tensorflow as tf
        import keras

        model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
        optimizer = keras.optimizers.SGD(0.01)

        @tf.function
        def step():
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(tf.ones((4, 2))) ** 2)
            optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))

        optimizer.build(model.trainable_variables)
        whole = tf.train.Checkpoint(model=model, optimizer=optimizer)
        manager = tf.train.CheckpointManager(whole, "{tmp_path}/kept", max_to_keep=1)
        whole.write("{tmp_path}/before-the-first-update")
        for _ in range(2):
            for _ in range(3):
                step()
            manager.save()
        step()
        tf.train.Checkpoint(model=model).write("{tmp_path}/no-optimizer")
        tf.train.Checkpoint(optimizer=optimizer).write("{tmp_path}/optimizer-alone")
        whole.write("{tmp_path}/last")
        raise ValueError("enough")
        """
    )
    env = environment(**hub.environment(), KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
    done = run(command("-m", "gradsight", "run", str(path)), env=env)
    assert "ValueError: enough" in done.stderr and "the training goes on" not in done.stderr, done.stderr
    story = hub.wait(lambda: hub.end)["story"]
    kept = [(event["step"], event["data"]["path"]) for event in hub.events if event["kind"] == "checkpoint"]
    assert kept == [
        (2, f"{tmp_path}/kept/ckpt-1"),
        (5, f"{tmp_path}/kept/ckpt-2"),
        (6, f"{tmp_path}/optimizer-alone"),
        (6, f"{tmp_path}/last"),
    ]
    told = [line for section in story["sections"] for line in section["lines"]]
    assert f"The last checkpoint: step 6, {tmp_path}/last." in told


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-4)
