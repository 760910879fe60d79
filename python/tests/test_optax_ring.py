"""Norms that are kept in Optax's state: against NumPy's, however the update runs, and in programs that JAX keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import command, environment, run
from testing_hub import HubForTests

pytest.importorskip("optax", reason="Optax is not installed")

Script = Callable[..., Path]

HEAD = """
    import json, os, sys
    from functools import partial
    import jax, jax.numpy as jnp, numpy as np, optax
    import gradsight.optax

    gradients = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    norms = np.linalg.norm(gradients.astype(np.float64), axis=1).tolist()
    weights = jnp.ones(6)

    def loss_of(weights, gradient):  # whose gradient it is
        return weights @ gradient

    def step(tx, carry, gradient):
        weights, state = carry
        loss, grad = jax.value_and_grad(loss_of)(weights, gradient)
        updates, state = tx.update(grad, state, weights)
        return (optax.apply_updates(weights, updates), state), loss
"""


def train(script: Script, hub: HubForTests, text: str, **more: str) -> Any:
    path = script(HEAD + text)
    env = environment(**hub.environment(), JAX_PLATFORMS="cpu", **more)
    done = run(command("-m", "gradsight", "run", str(path)), env=env)
    assert done.returncode == 0, done.stderr
    assert "gradsight: " not in done.stderr, done.stderr
    hub.wait(lambda: hub.end)
    return json.loads(done.stdout.splitlines()[-1])


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-5)


def test_however_an_update_runs(script: Script, hub: HubForTests) -> None:
    norms, losses = train(
        script,
        hub,
        """
    def rule():
        return optax.chain(optax.clip_by_global_norm(2.0), optax.inject_hyperparams(optax.sgd)(learning_rate=0.1))

    compiled = gradsight.optax.with_ring(rule(), size=8)
    one = jax.jit(partial(step, compiled), donate_argnums=0)
    carry, losses = (jnp.copy(weights), compiled.init(weights)), []
    for number in range(20):
        carry, loss = one(carry, gradients[number])
        losses.append(float(loss))
        if number % 8 == 7 or number == 19:
            gradsight.optax.record(compiled, carry[1])

    scanned = gradsight.optax.with_ring(optax.sgd(0.1), size=16)
    (_, state), _ = jax.jit(lambda carry: jax.lax.scan(partial(step, scanned), carry, gradients))(
        (weights, scanned.init(weights))
    )
    gradsight.optax.record(scanned, {"of": state})

    mapped = gradsight.optax.with_ring(optax.sgd(0.1), size=8)
    @partial(jax.pmap, axis_name="device")
    def parallel(carry, gradient):
        weights, state = carry
        grad = jax.lax.pmean(jax.grad(loss_of)(weights, gradient), "device")
        updates, state = mapped.update(grad, state, weights)
        return optax.apply_updates(weights, updates), state
    carry = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), (weights, mapped.init(weights)))
    for number in range(3):
        carry = parallel(carry, np.stack([gradients[number] + 1, gradients[number] - 1]))
    gradsight.optax.record(mapped, carry[1])

    inner = gradsight.optax.with_ring(optax.sgd(0.1), size=8)
    accumulating = optax.MultiSteps(inner, 2)
    one = jax.jit(partial(step, accumulating))
    carry = (weights, accumulating.init(weights))
    for number in range(6):
        carry, _ = one(carry, gradients[number // 2])
    gradsight.optax.record(inner, carry[1])

    restored = gradsight.optax.with_ring(optax.sgd(0.1), size=8)
    state = state._replace(inner=restored.init(weights).inner, rows=state.rows[:8])  # of the process before
    gradsight.optax.record(restored, state)
    carry, one = (weights, state), jax.jit(partial(step, restored))
    for number in range(2):
        carry, _ = one(carry, gradients[number])
    gradsight.optax.record(restored, carry[1])
    print(json.dumps([norms, losses]))
    """,
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
    )
    ids = dict(zip(["compiled", "scanned", "mapped", "accumulated", "restored"], hub.series))
    steps = hub.steps(ids["compiled"])
    assert [step["step"] for step in steps] == list(range(20))
    assert [step["norm_pre"] for step in steps] == near(norms[:20])
    assert [step["norm_post"] for step in steps] == near([min(norm, 2.0) for norm in norms[:20]])
    assert [step["loss"] for step in steps] == near(losses)
    assert [(step["threshold"], step["lr"]) for step in steps] == [(2.0, pytest.approx(0.1))] * 20
    assert hub.series[ids["compiled"]]["label"] == "tx"
    assert hub.series[ids["compiled"]]["clip"]["function"] == "optax.clip_by_global_norm"
    lines = Path(hub.hellos[0]["run"]["script"]).read_text().splitlines()
    assert "tx.update(" in lines[hub.series[ids["compiled"]]["site"]["line"] - 1]

    steps = hub.steps(ids["scanned"])  # the last that the ring held
    assert [step["step"] for step in steps] == list(range(24, 40))
    assert [step["norm_pre"] for step in steps] == near(norms[24:])
    (gap,) = [event for event in hub.events if event["kind"] == "gap"]
    assert (gap["series"], gap["data"]) == (ids["scanned"], {"from": 0, "to": 23})

    for name, count in (("mapped", 3), ("accumulated", 3), ("restored", 2)):
        steps = hub.steps(ids[name])
        assert [step["step"] for step in steps] == list(range(count)), name
        assert [step["norm_pre"] for step in steps] == near(norms[:count]), name


def test_the_program_is_kept(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    kept = train(
        script,
        hub,
        """
    jax.config.update("jax_compilation_cache_dir", sys.path[0] + "/cache")
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    plain, ring = optax.sgd(0.1), gradsight.optax.with_ring(optax.sgd(0.1), size=8)

    @jax.jit
    def with_callback(carry, gradient):
        return step(plain, carry, gradient)

    @jax.jit
    def without_callback(carry, gradient):
        return step(ring, carry, gradient)

    with_callback((weights, plain.init(weights)), gradients[0])
    (_, state), _ = without_callback((weights, ring.init(weights)), gradients[0])
    gradsight.optax.record(ring, state)
    print(json.dumps(os.listdir(sys.path[0] + "/cache")))
    """,
    )
    assert any("without_callback" in name for name in kept)
    assert not any("with_callback" in name for name in kept)
    assert [len(hub.steps(id)) for id in hub.series] == [1, 1]


def test_without_a_recording_the_ring_is_kept_all_the_same(script: Script) -> None:
    path = script(
        HEAD
        + """
    tx = gradsight.optax.with_ring(optax.sgd(0.1), size=4)
    (_, state), _ = jax.jit(lambda carry: jax.lax.scan(partial(step, tx), carry, gradients))((weights, tx.init(weights)))
    gradsight.optax.record(tx, state)
    print(json.dumps([int(state.count), state.rows[:, 0].tolist(), norms[36:]]))
    """
    )
    done = run(command(str(path)), env=environment(JAX_PLATFORMS="cpu"))
    assert (done.returncode, done.stderr) == (0, "")
    count, kept, norms = json.loads(done.stdout)
    assert count == 40
    assert kept == near(norms)


def test_what_takes_no_ring_is_given_back(script: Script) -> None:
    path = script(
        """
        import gradsight.optax
        unknown = object()
        assert gradsight.optax.with_ring(unknown) is unknown
        import optax
        tx = optax.sgd(0.1)
        assert gradsight.optax.with_ring(tx, "many") is tx
        """
    )
    done = run(command(str(path)), env=environment(JAX_PLATFORMS="cpu"))
    assert (done.returncode, done.stderr.count("gradsight: no ring of norms is kept: ")) == (0, 2), done.stderr
