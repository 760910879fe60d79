"""Trials of scripts in Keras, TensorFlow, Optax and MLX: each is, bit by bit, the training that clips so by itself.

But for MLX, whose sums differ in the last bit from one process to the next, with the probe or without, and for what XLA
compiles for Keras on TensorFlow, where it fuses the clip with the norms that are recorded of any run.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest
from conftest import command, environment, run

if os.name != "posix":
    pytest.skip("tests processes and their groups", allow_module_level=True)

Script = Callable[..., Path]

# A script trains by `train(clip, go_on)`, which returns weights as lists. Told nothing, it trains as the test says; told
# thresholds, with each in turn, as the oracle. A trial knows its setting by the plan in its folder.
MAIN = """

if __name__ == "__main__":
    told = sys.argv[1:]
    if told:
        print(json.dumps({each: train(None if each == "none" else float(each)) for each in told}))
    else:
        with open(os.environ["GRADSIGHT_TRIAL"] + "/plan.json") as plan:
            setting = json.load(plan)["setting"]
        try:
            trained = train(OWN, ENDLESS)
            with open(f"trained-{setting}.json", "w") as out:
                json.dump(trained, out)
        finally:
            with open(f"cleaned-{setting}.txt", "w"):
                pass
"""
DATA = """
import itertools, json, os, sys
import numpy as np

def batch(step, rows=16):
    x = np.random.default_rng(step).normal(size=(rows, 6)).astype("float32")
    return x, (3 * x.sum(1, keepdims=True)).astype("float32")

def steps(endless):
    return itertools.count() if endless else range(8)
"""
KERAS = """
import keras

def train(clip, endless=False):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1)])
    more = {} if clip is None else {"global_clipnorm": clip}
    model.compile(keras.optimizers.SGD(0.05, **more), "mse")
    model.fit(*batch(0, 64), batch_size=16, epochs=10**7 if endless else 2, shuffle=False, verbose=0)
    return [weight.tolist() for weight in model.get_weights()]
"""
TAPE = """
import tensorflow as tf
import keras

def train(clip, endless=False):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.05)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        if clip is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, clip)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))

    for number in steps(endless):
        step(*map(tf.constant, batch(number)))
    return [weight.tolist() for weight in model.get_weights()]
"""
OPTAX = """
import jax, jax.numpy as jnp, optax

def train(clip, endless=False):
    params = {"w": jnp.ones((6, 8)) * 0.1, "v": jnp.ones((8, 1)) * 0.1}
    tx = optax.sgd(0.05) if clip is None else optax.chain(optax.clip_by_global_norm(clip), optax.sgd(0.05))
    state = tx.init(params)

    def loss_of(params, x, y):
        return jnp.mean((jnp.tanh(x @ params["w"]) @ params["v"] - y) ** 2)

    @jax.jit
    def step(params, state, x, y):
        loss, gradients = jax.value_and_grad(loss_of)(params, x, y)
        updates, state = tx.update(gradients, state, params)
        return optax.apply_updates(params, updates), state

    for number in steps(endless):
        params, state = step(params, state, *batch(number))
    return [params["w"].tolist(), params["v"].tolist()]
"""
MLX = """
import mlx.core as mx, mlx.nn as nn, mlx.optimizers as optim

def train(clip, endless=False):
    mx.random.seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = optim.SGD(0.05)
    loss_and_gradients = nn.value_and_grad(model, lambda x, y: mx.mean((model(x) - y) ** 2))
    for number in steps(endless):
        _, gradients = loss_and_gradients(*map(mx.array, batch(number)))
        if clip is not None:
            gradients, _ = optim.clip_grad_norm(gradients, clip)
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state)
    return [model.layers[0].weight.tolist(), model.layers[2].weight.tolist()]
"""


def case(id: str, text: str, *modules: str, **env: str) -> Any:
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    skip = pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed")
    return pytest.param(text, env, id=id, marks=skip)


CASES = [
    case("keras-jax", KERAS, "keras", "jax", KERAS_BACKEND="jax"),
    case("keras-tensorflow", KERAS, "keras", "tensorflow", KERAS_BACKEND="tensorflow"),
    case("keras-torch", KERAS, "keras", "torch", KERAS_BACKEND="torch"),
    case("tape", TAPE, "keras", "tensorflow", KERAS_BACKEND="tensorflow"),
    case("optax", OPTAX, "optax"),
    case("mlx", MLX, "mlx"),
]


@pytest.fixture
def swept(script: Script, tmp_path: Path) -> "Callable[..., subprocess.CompletedProcess[str]]":
    def sweep(text: str, *arguments: str, own: Optional[float] = None, endless: bool = False, **env: str) -> Any:
        script(f"{DATA}\nOWN, ENDLESS = {own}, {endless}\n{text}{MAIN}")
        more = environment(GRADSIGHT_STATE=str(tmp_path / "state"), OMP_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3", **env)
        options = ("--seeds", "1", "--json", *arguments)
        return run(command("-m", "gradsight", "sweep", "train.py", *options), cwd=tmp_path, env=more, timeout=1200)

    return sweep


def numbers(weights: Any) -> List[float]:
    return [number for each in weights for number in numbers(each)] if isinstance(weights, list) else [weights]


def oracle(folder: Path, settings: List[str], env: Dict[str, str]) -> Dict[str, Any]:
    more = environment(OMP_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3", **env)
    done = run(command("train.py", *settings), cwd=folder, env=more, timeout=1200)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("text, env", CASES)
@pytest.mark.parametrize("own, others", [(0.7, ("0.5", "0.05", "none")), (None, ("0.5", "0.05"))])
def test_is_the_very_training_that_clips_so(
    text: str, env: Dict[str, str], own: Optional[float], others: Tuple[str, ...], swept: Any, tmp_path: Path
) -> None:
    done = swept(text, "--thresholds", ",".join(others), "--steps", "100", own=own, **env)
    assert done.returncode == 0, done.stderr
    lines = json.loads(done.stdout)["settings"]
    thresholds = [None if each == "none" else float(each) for each in others]
    assert [line["threshold"] for line in lines] == [own, *thresholds]
    assert all((line["outcome"], line["steps"]) == ("finished", 8) for line in lines)
    assert [line["clip_rate"] for line in lines[1:]] == [None if each is None else 1.0 for each in thresholds]
    expected = oracle(tmp_path, ["none" if own is None else str(own), *others], env)
    assert len({json.dumps(weights) for weights in expected.values()}) == len(expected)  # else nothing was shown
    for setting, weights in zip(["own", *others], expected.values()):
        trained = json.loads((tmp_path / f"trained-{setting}.json").read_text())
        rounds = text is MLX or text is KERAS and env["KERAS_BACKEND"] == "tensorflow"
        assert numbers(trained) == (pytest.approx(numbers(weights), rel=1e-5) if rounds else numbers(weights)), setting


@pytest.mark.parametrize("text, env", CASES)
def test_ends_after_its_steps_as_by_sys_exit(text: str, env: Dict[str, str], swept: Any, tmp_path: Path) -> None:
    done = swept(text, "--thresholds", "0.5", "--steps", "30", own=0.7, endless=True, **env)
    assert done.returncode == 0, done.stderr
    assert all((line["outcome"], line["steps"]) == ("finished", 30) for line in json.loads(done.stdout)["settings"])
    assert {path.name for path in tmp_path.glob("cleaned-*")} == {"cleaned-own.txt", "cleaned-0.5.txt"}


CHAIN = "optax.chain(optax.clip_by_global_norm(clip), optax.sgd(0.05))"
COMPILED = """
import mlx.core as mx, mlx.nn as nn, mlx.optimizers as optim

def train(clip, endless=False):
    model, optimizer = nn.Linear(6, 1), optim.SGD(0.05)
    loss_and_gradients = nn.value_and_grad(model, lambda x, y: mx.mean((model(x) - y) ** 2))
    state = [model.state, optimizer.state]

    def step(x, y):
        loss, gradients = loss_and_gradients(x, y)
        optimizer.update(model, gradients)
        return loss

    compiled = mx.compile(step, inputs=state, outputs=state)
    for number in steps(endless):
        mx.eval(compiled(*map(mx.array, batch(number))), state)
"""
LINE_SEARCH = """
import jax, jax.numpy as jnp, optax

def train(clip, endless=False):
    params = jnp.ones((6, 1)) * 0.1
    tx = optax.chain(optax.sgd(0.05), optax.scale_by_backtracking_linesearch(max_backtracking_steps=3))
    state = tx.init(params)

    @jax.jit
    def step(params, state, x, y):
        loss_of = lambda params: jnp.mean((x @ params - y) ** 2)
        loss, gradients = jax.value_and_grad(loss_of)(params)
        updates, state = tx.update(gradients, state, params, value=loss, grad=gradients, value_fn=loss_of)
        return optax.apply_updates(params, updates), state

    for number in steps(endless):
        params, state = step(params, state, *batch(number))
"""
SEVERAL = """
import tensorflow as tf
import keras

def train(clip, endless=False):
    models = [keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)]) for _ in range(2)]
    actor, critic = keras.optimizers.SGD(0.05), keras.optimizers.SGD(0.05)
    for number in steps(endless):
        x, y = map(tf.constant, batch(number))
        for model, optimizer in zip(models, (actor, critic)):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x) - y) ** 2)
            gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, model.trainable_variables), clip)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
"""
REFUSED = [
    ("a line search evaluates the loss anew, so that its gradients can't be clipped", case("search", LINE_SEARCH, "optax")),
    (
        "there are several optimizers: say --series with one of ",
        case("several", SEVERAL, "keras", "tensorflow", KERAS_BACKEND="tensorflow"),
    ),
    (
        "keras.optimizers.Optimizer(clipnorm=…) is another one",
        case("each variable", KERAS.replace("global_clipnorm", "clipnorm"), "keras", "jax", KERAS_BACKEND="jax"),
    ),
    (
        "optax.clip_by_global_norm is called, but not on all that an optimizer is given",
        case("behind", OPTAX.replace(CHAIN, f"optax.chain(optax.add_decayed_weights(0.1), {CHAIN})"), "optax"),
    ),
    ("only if clip_grad_norm works out its norm", case("compiled", COMPILED, "mlx")),
]


@pytest.mark.parametrize(
    "text, env, reason", [pytest.param(*each.values, reason, id=each.id, marks=each.marks) for reason, each in REFUSED]
)
def test_what_can_not_be_exact_is_refused(text: str, env: Dict[str, str], reason: str, swept: Any, tmp_path: Path) -> None:
    done = swept(text, "--steps", "5", own=0.7, endless=True, **env)
    assert done.returncode == 1 and reason in done.stderr, done.stderr
    assert not list(tmp_path.glob("trained-*"))


@pytest.mark.parametrize("text, env", [case("tape", SEVERAL, "keras", "tensorflow", KERAS_BACKEND="tensorflow")])
def test_a_function_that_clips_is_tried_for_all_of_several_optimizers(text: str, env: Dict[str, str], swept: Any) -> None:
    done = swept(text, "--thresholds", "0.5", "--steps", "8", "--series", "all", own=0.7, endless=True, **env)
    assert done.returncode == 0, done.stderr
    assert [line["threshold"] for line in json.loads(done.stdout)["settings"]] == [pytest.approx(0.7), 0.5]


@pytest.mark.parametrize(
    "text, env",
    [
        case("mlx", MLX.replace("    mx.random.seed(0)\n", ""), "mlx"),
        case(
            "tensorflow",
            TAPE.replace("keras.utils.set_random_seed(0)", "scale = tf.random.uniform([])").replace(
                "x) - y", "x) - scale * y"
            ),
            "keras",
            "tensorflow",
            KERAS_BACKEND="tensorflow",
        ),
    ],
)
def test_seeds_reach_what_the_script_draws_from(text: str, env: Dict[str, str], swept: Any) -> None:
    asked = ("--thresholds", "0.5", "--steps", "100", "--seeds", "2")
    first, again = (json.loads(swept(text, *asked, *more, own=0.7, **env).stdout) for more in ((), ("--fresh",)))
    own, other = (line["losses"] for line in first["settings"])
    assert len({*own, *other}) == 4
    assert [line["losses"] for line in again["settings"]] == [pytest.approx(own), pytest.approx(other)]
