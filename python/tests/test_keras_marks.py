"""Keras's epochs and checkpoints on each backend, at the step where they are though the steps run in compiled graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from test_keras import BACKENDS, train
from testing_hub import HubForTests

pytest.importorskip("keras", reason="Keras is not installed")

Script = Callable[..., Path]


def marks(hub: HubForTests, series: str) -> Any:
    return [
        (event["step"], event["data"]["epoch"] if event["kind"] == "epoch" else Path(event["data"]["path"]).name)
        for event in hub.events
        if event["kind"] in ("epoch", "checkpoint") and event["series"] == series
    ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_fit(backend: str, script: Script, hub: HubForTests) -> None:
    train(
        script,
        hub,
        backend,
        """
    x, y = data(96)
    model = network()
    optimizer = keras.optimizers.SGD(0.001)
    model.compile(optimizer=optimizer, loss="mse")
    keeps = keras.callbacks.ModelCheckpoint("kept-{epoch}.keras")
    model.fit(x, y, validation_data=(x, y), batch_size=1, epochs=3, callbacks=[keeps], verbose=0)
    model.evaluate(x, y, verbose=0)
    model.fit(x, y, batch_size=32, initial_epoch=3, epochs=4, verbose=0)
    model.save_weights("last.weights.h5")
    tell()
    """,
    )
    (series,) = hub.series
    assert len(hub.steps(series)) == 3 * 96 + 3
    assert marks(hub, series) == [
        (0, 1),
        (95, "kept-1.keras"),
        (96, 2),
        (191, "kept-2.keras"),
        (192, 3),
        (287, "kept-3.keras"),
        (288, 4),
        (290, "last.weights.h5"),
    ]
