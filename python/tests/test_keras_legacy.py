"""Keras 2: a trainer of ``tf.keras``, where that is it, and a loop with a ``GradientTape``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import command, environment, run
from test_keras_marks import marks
from testing_hub import BY_VALUE, HubForTests

pytest.importorskip("tf_keras", reason="tf_keras is not installed")

SCRIPT = """
    import json
    import numpy as np
    import tensorflow as tf
    import tf_keras

    assert tf.keras.optimizers.SGD is tf_keras.optimizers.SGD
    x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
    y = 3 * x.sum(1, keepdims=True)

    def network():
        tf_keras.utils.set_random_seed(0)
        return tf_keras.Sequential([tf_keras.layers.Input((6,)), tf_keras.layers.Dense(4, "tanh"), tf_keras.layers.Dense(1)])

    def fitted(optimizer):
        '''What a model says that is trained in the same way without a trainer: [loss, norm, norm after clipping].'''
        model = network()
        model.compile(optimizer, "mse")
        model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0)

    def followed(limit, by_value=False, steps=8):
        model, said = network(), []
        for step in range(steps):
            rows = slice(16 * (step % 4), 16 * (step % 4) + 16)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x[rows]) - y[rows]) ** 2)
            gradients = [gradient.numpy() for gradient in tape.gradient(loss, model.trainable_variables)]
            norm = np.sqrt(sum((gradient ** 2).sum() for gradient in gradients))
            if by_value:
                clipped = [np.clip(gradient, -limit, limit) for gradient in gradients]
            else:
                clipped = [gradient * min(1, limit / norm) for gradient in gradients]
            for variable, gradient in zip(model.trainable_variables, clipped):
                variable.assign_sub(0.01 * gradient)
            after = np.sqrt(sum((gradient ** 2).sum() for gradient in clipped))
            said.append([float(loss), float(norm), float(after)])
        return said

    by_norm = tf_keras.optimizers.SGD(0.01, global_clipnorm=2.0)
    by_value = tf_keras.optimizers.SGD(0.01, clipvalue=0.5)
    fitted(by_norm)
    fitted(by_value)

    model, looped = network(), tf_keras.optimizers.SGD(0.01)
    looped.build(model.trainable_variables)
    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, model.trainable_variables), 1.0)
        looped.apply_gradients(zip(gradients, model.trainable_variables))
    for number in range(4):
        step(x[16 * number : 16 * number + 16], y[16 * number : 16 * number + 16])
    print(json.dumps([followed(2.0), followed(0.5, by_value=True), followed(1.0, steps=4)]))
"""


def test_a_trainer_and_a_loop(script: Callable[..., Path], hub: HubForTests) -> None:
    path = script(SCRIPT)
    env = environment(**hub.environment(), TF_USE_LEGACY_KERAS="1", TF_CPP_MIN_LOG_LEVEL="3")
    done = run(command("-m", "gradsight", "run", str(path)), env=env)
    assert done.returncode == 0, done.stderr
    assert "the training goes on" not in done.stderr, done.stderr
    hub.wait(lambda: hub.end)
    said = json.loads(done.stdout.splitlines()[-1])
    limits = [(2.0, 0, "norm"), (0.5, BY_VALUE, "value"), (1.0, 0, "norm")]
    assert len(hub.series) == len(said)
    for (id, series), numbers, (limit, flags, kind) in zip(hub.series.items(), said, limits):
        steps = hub.steps(id)
        assert [step["step"] for step in steps] == list(range(len(numbers)))
        assert [step["loss"] for step in steps] == near([loss for loss, _, _ in numbers])
        assert [step["norm_pre"] for step in steps] == near([before for _, before, _ in numbers])
        assert [step["norm_post"] for step in steps] == near([after for *_, after in numbers])
        assert {(step["threshold"], step["flags"]) for step in steps} == {(limit, flags)}
        assert [step["lr"] for step in steps] == near([0.01] * len(numbers))
        assert (series["optimizer"], series["clip"]["kind"]) == ("tf_keras.optimizers.SGD", kind)
    assert hub.hellos[-1]["run"]["frameworkVersion"].startswith("2.")


def test_epochs_and_checkpoints(script: Callable[..., Path], hub: HubForTests, tmp_path: Path) -> None:
    path = script(
        f"""
        import numpy as np, tf_keras
        x, y = np.ones((64, 2), "float32"), np.ones((64, 1), "float32")
        model = tf_keras.Sequential([tf_keras.layers.Dense(1)])
        model.compile(tf_keras.optimizers.SGD(0.01), "mse")
        keeps = tf_keras.callbacks.ModelCheckpoint("{tmp_path}/kept-{{epoch}}.keras")
        model.fit(x, y, validation_data=(x, y), batch_size=16, epochs=2, callbacks=[keeps], verbose=0)
        model.evaluate(x, y, verbose=0)
        model.save_weights("{tmp_path}/last.weights.h5")
        """
    )
    env = environment(**hub.environment(), TF_CPP_MIN_LOG_LEVEL="3")
    done = run(command("-m", "gradsight", "run", str(path)), env=env)
    assert done.returncode == 0, done.stderr
    assert "the training goes on" not in done.stderr, done.stderr
    hub.wait(lambda: hub.end)
    (series,) = hub.series
    assert marks(hub, series) == [
        (0, 1),
        (3, "kept-1.keras"),
        (4, 2),
        (7, "kept-2.keras"),
        (7, "last.weights.h5"),
    ]


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-3)
