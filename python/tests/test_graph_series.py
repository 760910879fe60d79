"""What compiled graphs say, from whatever thread they say it."""

from __future__ import annotations

import pytest
from gradsight import _process
from gradsight._identity import identify
from gradsight._scalars import NORM_PRE, SKIPPED, THRESHOLD
from gradsight._session import Outcome, Session
from gradsight.frameworks.graph_series import HAPPENED, WAS_SKIPPED, GraphSeries, arrange
from testing_crowd import Crowd
from testing_hub import HubForTests

END = Outcome("finished", None, 0)


def begun(hub: HubForTests) -> GraphSeries:
    series = GraphSeries.begin(Session(str(hub.rendezvous), identify(), "tests", None), object(), "optax.sgd", None)
    assert series is not None
    return series


def test_numbers_mean_what_their_layout_says(hub: HubForTests) -> None:
    series = begun(hub)
    numbers = {NORM_PRE: "graph", THRESHOLD: 2.0, HAPPENED: "graph", WAS_SKIPPED: "graph"}
    layout, computed = arrange(numbers, 0, ("a", "b"))
    assert computed == ["graph"] * 3
    nan = float("nan")
    for row in ([5.0, 1, 0, 3.0, 4.0], [9.0, 0, 0, 9.0, 0.0], [nan, 1, 1, nan, 1.0], [nan, 1, 0, 1.0, nan]):
        series.arrive(layout, lambda row=row: row)  # type: ignore[misc]
    series.session.close(END)
    first, skipped, bad = hub.steps("sgd")
    assert (first["step"], first["norm_pre"], first["threshold"], first["flags"]) == (0, 5.0, 2.0, 0)
    assert (skipped["step"], skipped["flags"]) == (1, SKIPPED)
    assert hub.layers("sgd")[0] == {"a": 3.0, "b": 4.0}
    (event,) = hub.events
    assert (event["kind"], event["step"], event["data"]["parameter"]) == ("nonfinite", 2, "b")
    assert (bad["step"], bad["flags"]) == (2, 0)
    kept = series.norms_at_incident  # for the flight recorder: every step, the bad one last
    assert kept is not None and [(norms.step, list(norms.numbers() or ())[0]) for norms in kept][::2] == [(0, 3.0), (2, 1.0)]


def test_rows_that_were_overwritten_are_a_gap(hub: HubForTests) -> None:
    series = begun(hub)
    layout, _ = arrange({NORM_PRE: "graph"}, 0)

    def source() -> None:
        if series.session.is_closed:
            series.collected(layout, [1.0])
            series.missed(3)
            series.collected(layout, [2.0])

    series.collect_from(source)
    series.session.close(END)
    hub.wait(lambda: hub.end)
    assert [step["step"] for step in hub.steps("sgd")][:2] == [0, 4]
    assert [(event["kind"], event["data"]) for event in hub.events][0] == ("gap", {"from": 1, "to": 3})


def test_a_graph_goes_on_in_the_next_run(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    series = begun(crowd)
    monkeypatch.setattr(_process, "_session", series.session)
    layout, _ = arrange({NORM_PRE: "graph"}, 0)
    for norm in (1.0, 2.0):
        series.arrive(layout, lambda norm=norm: [norm, norm])  # type: ignore[misc]
        series.session.close(END)
        series.arrive(layout, lambda: [9.0])  # nowhere
        _process.again()
    runs = list(crowd.attempts.values())
    assert [[(step["step"], step["norm_pre"]) for step in run.steps("sgd")] for run in runs] == [[(0, 1.0)], [(0, 2.0)]]
