"""Orbax's checkpoints, at the update whose state they hold though compiled steps run ahead of Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import command, environment, run
from testing_hub import HubForTests

pytest.importorskip("optax", reason="Optax is not installed")
pytest.importorskip("orbax.checkpoint", reason="Orbax is not installed")

Script = Callable[..., Path]

HEAD = """
    import jax, jax.numpy as jnp, optax
    import orbax.checkpoint as ocp
    import os

    def begin():
        params, tx = {"w": jnp.ones(400)}, optax.adam(1e-3)

        @jax.jit
        def step(params, state):
            updates, state = tx.update(jax.tree_util.tree_map(jnp.cos, params), state, params)
            return optax.apply_updates(params, updates), state

        return params, tx.init(params), step

    here = os.path.abspath("kept")
"""


def checkpoints(script: Script, hub: HubForTests, tmp_path: Path, text: str) -> Any:
    path = script(HEAD + text)
    done = run(command("-m", "gradsight", "run", str(path)), env=environment(**hub.environment()), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the training goes on" not in done.stderr, done.stderr
    hub.wait(lambda: hub.end)
    marks = [event for event in hub.events if event["kind"] == "checkpoint"]
    return [(event["step"], str(Path(event["data"]["path"]).relative_to(tmp_path / "kept"))) for event in marks]


def test_of_a_manager_and_of_checkpointers(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    assert checkpoints(
        script,
        hub,
        tmp_path,
        """
    params, state, step = begin()
    with ocp.CheckpointManager(here + "/managed") as manager:
        for number in range(30):
            params, state = step(params, state)
            if number % 10 == 9:
                saved = ocp.args.Composite(all=ocp.args.StandardSave({"params": params, "state": state}))
                manager.save(number, args=saved)
        manager.wait_until_finished()
    params, state = step(params, state)
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(here + "/standard", {"params": params, "state": state})
        checkpointer.save(here + "/no-state", {"params": params})
    params, state = step(params, state)
    ocp.PyTreeCheckpointer().save(here + "/tree", {"params": params, "state": state})
    """,
    ) == [(9, "managed/9"), (19, "managed/19"), (29, "managed/29"), (30, "standard"), (31, "tree")]


def test_of_several_optimizers_it_is_not_known_whose_they_are(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    found = checkpoints(
        script,
        hub,
        tmp_path,
        """
    for number in range(2):
        params, state, step = begin()
        params, state = step(params, state)
        if number == 1:
            ocp.PyTreeCheckpointer().save(here + "/one", {"params": params, "state": state})
    """,
    )
    assert found == []
    assert len(hub.series) == 2
