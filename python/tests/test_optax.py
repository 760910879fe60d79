"""Optax and Flax, as scripts: against norms that the traced program itself says, in the script's own way."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import command, environment, run
from testing_hub import BY_VALUE, HubForTests

pytest.importorskip("optax", reason="Optax is not installed")

Script = Callable[..., Path]
WEIGHTS = 0.93386169

HEAD = """
    import json
    import jax, jax.numpy as jnp, numpy as np, optax

    said = {}

    def say(name, number):
        jax.debug.callback(lambda value: said.setdefault(name, []).append(float(value)), number)

    def saying(name):
        '''A transformation that says what comes to it.'''
        def update(updates, state, params=None):
            say(name, optax.global_norm(updates))
            return updates, state
        return optax.GradientTransformation(lambda params: optax.EmptyState(), update)

    def parameters():  # the norm of these is WEIGHTS
        generator = np.random.default_rng(0)
        return {"w": jnp.asarray(generator.normal(size=(6, 1)), jnp.float32), "b": jnp.zeros(1)}

    def batch(step, n=16):
        x = np.random.default_rng(step).normal(size=(n, 6)).astype("float32")
        return jnp.asarray(x), jnp.asarray(3 * x.sum(1, keepdims=True))

    def loss_of(params, x, y):
        return jnp.mean((x @ params["w"] + params["b"] - y) ** 2)

    def step(tx, params, state, x, y):
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        updates, state = tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state, loss

    def train(tx, steps=5, make=lambda tx: jax.jit(lambda *a: step(tx, *a))):
        params, one = parameters(), make(tx)
        state, losses = tx.init(params), []
        for number in range(steps):
            params, state, loss = one(params, state, *batch(number))
            losses.append(float(loss))
        return losses

    def tell(more=None):
        jax.effects_barrier()
        print(json.dumps([said, more]))
"""


def train(script: Script, hub: HubForTests, text: str, **more: str) -> Any:
    """Runs the script with the recording on; what it said, and what it tells besides."""
    path = script(HEAD + text)
    env = environment(**hub.environment(), JAX_PLATFORMS="cpu", **more)
    done = run(command("-m", "gradsight", "run", str(path)), env=env)
    assert done.returncode == 0, done.stderr
    assert "the training goes on" not in done.stderr, done.stderr
    hub.wait(lambda: hub.end)
    return json.loads(done.stdout.splitlines()[-1])


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-4)


def numbered(steps: Any, count: int) -> bool:
    return [step["step"] for step in steps] == list(range(count))


def test_a_compiled_step(script: Script, hub: HubForTests) -> None:
    said, losses = train(
        script,
        hub,
        """
    optimizer = optax.chain(
        saying("before"),
        optax.clip_by_global_norm(2.0),
        saying("after"),
        optax.inject_hyperparams(optax.sgd)(learning_rate=0.01),
        saying("update"),
    )
    tell(train(optimizer))
    """,
    )
    (id,) = hub.series
    steps = hub.steps(id)
    assert numbered(steps, 5)
    assert [step["norm_pre"] for step in steps] == near(said["before"])
    assert [step["norm_post"] for step in steps] == near(said["after"])
    assert max(said["before"]) > 2.0 >= max(said["after"]) * (1 - 1e-6)
    assert [step["loss"] for step in steps] == near(losses)
    assert {step["threshold"] for step in steps} == {2.0}
    assert [step["lr"] for step in steps] == near([0.01] * 5)
    assert steps[0]["update_ratio"] == near(said["update"][0] / WEIGHTS)
    series = hub.series[id]
    assert (series["clip"]["kind"], series["clip"]["function"]) == ("norm", "optax.clip_by_global_norm")
    lines = Path(hub.hellos[0]["run"]["script"]).read_text().splitlines()
    assert "tx.update(" in lines[series["site"]["line"] - 1]
    assert "clip_by_global_norm(" in lines[series["clip"]["location"]["line"] - 1]
    layers = hub.layers(id)[0]
    assert list(layers) == ["b", "w"]
    assert math.hypot(*layers.values()) == near(steps[0]["norm_pre"])
    assert hub.hellos[-1]["run"]["framework"] == "jax"


def test_how_an_update_may_run(script: Script, hub: HubForTests) -> None:
    said, _ = train(
        script,
        hub,
        """
    from functools import partial

    eager = optax.chain(saying("eager"), optax.clip(0.1), saying("clipped"), optax.adam(0.01))
    train(eager, make=lambda tx: lambda *a: step(tx, *a))

    scanned = optax.chain(saying("scanned"), optax.adam(0.01))
    def body(carry, number):
        params, state, _ = step(scanned, *carry, *xy)
        return (params, state), None
    xy = batch(0)
    params = parameters()
    jax.jit(lambda p: jax.lax.scan(body, (p, scanned.init(p)), jnp.arange(7), unroll=3))(params)

    mapped = optax.sgd(0.01)
    @partial(jax.pmap, axis_name="device")
    def parallel(params, x, y):
        grads = jax.lax.pmean(jax.grad(loss_of)(params, x, y), "device")
        updates, _ = mapped.update(grads, mapped.init(params), params)
        return optax.apply_updates(params, updates)
    many = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), parameters())
    x, y = batch(1, 32)
    for number in range(3):
        grads = jax.grad(loss_of)(jax.tree.map(lambda leaf: leaf[0], many), x, y)
        say("mapped", optax.global_norm(grads))
        many = parallel(many, x.reshape(2, 16, 6), y.reshape(2, 16, 1))

    accumulating = optax.MultiSteps(optax.chain(saying("accumulated"), optax.clip_by_global_norm(1.0), optax.sgd(0.01)), 3)
    train(accumulating, steps=6)
    as_transformation = accumulating.gradient_transformation()
    train(as_transformation, steps=3)

    by_hand, rule = optax.clip_by_global_norm(1.5), optax.chain(saying("by hand"), optax.sgd(0.01))
    def unclipped_step(tx, params, state, x, y):
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        say("first", optax.global_norm(grads))
        grads, _ = by_hand.update(grads, by_hand.init(params))
        updates, state = tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state, loss
    train(rule, make=lambda tx: jax.jit(lambda *a: unclipped_step(tx, *a)))
    assert jax.jit(rule.update) is not None and rule.update is rule.update
    tell()
    """,
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
    )
    names = ["eager", "scanned", "mapped", "accumulated", "by hand"]
    assert len(hub.series) == len(names)
    ids = dict(zip(names, hub.series))

    steps = hub.steps(ids["eager"])
    assert numbered(steps, 5)
    assert [step["norm_pre"] for step in steps] == near(said["eager"])
    assert [step["norm_post"] for step in steps] == near(said["clipped"])
    assert [(step["threshold"], step["flags"]) for step in steps] == [(0.1, BY_VALUE)] * 5

    steps = hub.steps(ids["scanned"])
    assert numbered(steps, 7)
    assert [step["norm_pre"] for step in steps] == near(sorted(said["scanned"], reverse=True))

    steps = hub.steps(ids["mapped"])  # once, not once a device
    assert numbered(steps, 3)
    assert [step["norm_pre"] for step in steps] == near(said["mapped"])

    steps = hub.steps(ids["accumulated"])
    assert numbered(steps, 3)
    assert [step["norm_pre"] for step in steps] == near(said["accumulated"][2::3])
    assert {step["threshold"] for step in steps} == {1.0}

    steps = hub.steps(ids["by hand"])
    assert numbered(steps, 5)
    assert [step["norm_pre"] for step in steps] == near(said["first"])
    assert [step["norm_post"] for step in steps] == near(said["by hand"])
    assert all("loss" in step and step["threshold"] == 1.5 for step in steps)


@pytest.mark.skipif(importlib.util.find_spec("flax") is None, reason="Flax is not installed")
def test_flax(script: Script, hub: HubForTests) -> None:
    said, _ = train(
        script,
        hub,
        """
    from flax import linen, nnx
    from flax.training.train_state import TrainState

    model = linen.Dense(1)
    rule = optax.chain(optax.clip_by_global_norm(1.0), saying("linen"), optax.adam(0.1))
    state = TrainState.create(apply_fn=model.apply, params=model.init(jax.random.key(0), batch(0)[0]), tx=rule)
    @jax.jit
    def linen_step(state, x, y):
        loss, grads = jax.value_and_grad(lambda p: jnp.mean((state.apply_fn(p, x) - y) ** 2))(state.params)
        return state.apply_gradients(grads=grads)
    for number in range(4):
        state = linen_step(state, *batch(number))

    net = nnx.Linear(6, 1, rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(net, optax.chain(saying("nnx"), optax.adam(0.1)), wrt=nnx.Param)
    @nnx.jit
    def nnx_step(net, optimizer, x, y):
        loss, grads = nnx.value_and_grad(lambda net: jnp.mean((net(x) - y) ** 2))(net)
        optimizer.update(net, grads)
    for number in range(4):
        nnx_step(net, optimizer, *batch(number))
    tell()
    """,
    )
    first, second = hub.series
    steps = hub.steps(first)
    assert numbered(steps, 4)
    assert [step["norm_post"] for step in steps] == near(said["linen"])
    assert all(step["threshold"] == 1.0 and step["loss"] > 0 for step in steps)
    steps = hub.steps(second)
    assert numbered(steps, 4)
    assert [step["norm_pre"] for step in steps] == near(said["nnx"])
    assert all("norm_post" not in step for step in steps)
