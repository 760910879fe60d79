"""``python -m gradsight why``: real trainings that go wrong, and what is told of them afterwards."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from conftest import command, environment, run
from gradsight._why import why
from testing_hub import HubForTests
from testing_warm import Warm

Script = Callable[..., Path]

PERCEPTRON = """
    import sys
    import torch
    from torch import nn

    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(80):
        inputs = torch.randn(16, 4)
        targets = inputs.sum(1, keepdim=True)
        bad = step == 60
        {batch}
        outputs = model(inputs)
        loss = ((outputs - targets) ** 2).mean()
        {loss}
        optimizer.zero_grad()
        loss.backward()
        {update}
        optimizer.step()
"""


def perceptron(batch: str = "", loss: str = "", update: str = "") -> str:
    return PERCEPTRON.format(batch=batch or "pass", loss=loss or "pass", update=update or "pass")


class Told:
    def __init__(self, text: str, json_text: str) -> None:
        self.text = text
        self.data: Dict[str, Any] = json.loads(json_text)

    @property
    def cause(self) -> Dict[str, Any]:
        found: Dict[str, Any] = self.data["incident"]["data"]
        return found


@pytest.fixture
def story(
    script: Script, tmp_path: Path, warm: Warm, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Told]:
    """Runs a training with no editor, and asks why in this process. ``fresh``: it has an interpreter of its own."""

    def tell(text: str, code: int = 0, fresh: bool = False, **variables: str) -> Told:
        env = environment(GRADSIGHT_STATE=str(tmp_path / "state"), **variables)
        arguments = ["-m", "gradsight", "run", str(script(text))]
        done = run(command(*arguments), env=env) if fresh else warm.run(arguments, env)
        assert done.returncode == code, done.stderr
        monkeypatch.setenv("GRADSIGHT_STATE", env["GRADSIGHT_STATE"])
        capsys.readouterr()
        texts = []
        for as_json in (False, True):
            assert why(None, as_json) == 0
            texts.append(capsys.readouterr().out)
        return Told(*texts)

    return tell


def test_an_lstm_that_explodes(story: Callable[..., Told]) -> None:
    told = story(
        """
        import torch
        from torch import nn

        class Tagger(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.LSTM(4, 12)
                self.head = nn.Linear(12, 1)

            def forward(self, inputs):
                return self.head(self.rnn(inputs)[0][-1])

        torch.manual_seed(0)
        torch.set_num_threads(1)
        model = Tagger()
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
        for step in range(200):
            if step == 30:
                optimizer.param_groups[0]["lr"] = 30.0
            inputs = torch.randn(10, 8, 4)
            loss = ((model(inputs)[:, 0] - inputs.sum((0, 2))) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        """
    )
    assert told.data["incident"]["kind"] == "nonfinite"
    assert 30 < told.data["incident"]["step"] < 60
    assert told.data["steps"][-1]["step"] == told.data["incident"]["step"]
    assert all(len(step["layers"]) == 6 for step in told.data["steps"])
    assert "The norm had grown from " in told.text and ", most of it in " in told.text
    assert "Clip the gradient norm before the update at " in told.text
    assert "train.py:25, at " in told.text
    assert "calm steps before" in told.text
    assert "lower the learning rate, which was 30" in told.text


def test_an_explosion_from_the_start(story: Callable[..., Told]) -> None:
    told = story(perceptron(batch="optimizer.param_groups[0]['lr'] = 1000.0"))
    norms = [step["norm_pre"] for step in told.data["steps"]]
    assert 2 <= len(norms) - 1 <= 3, "too few for a median"
    assert f"The norm had grown from {norms[0]:.4g} to " in told.text
    assert "Or lower the learning rate, which was 1000." in told.text
    assert "calm steps" not in told.text


@pytest.mark.parametrize(
    ("threshold", "told_of_it"),
    [
        ("1e30", "Clipping at 1e+30 never acted: no norm before was that large. Clip lower."),
        ("1e6", "Clipping at 1e+06 did not hold it: lower the learning rate, which was 1000."),
    ],
    ids=["never reached", "too high"],
)
def test_a_threshold_that_did_not_help(story: Callable[..., Told], threshold: str, told_of_it: str) -> None:
    rate = "optimizer.param_groups[0]['lr'] = 1000.0"
    told = story(perceptron(batch=rate, update=f"nn.utils.clip_grad_norm_(model.parameters(), {threshold})"))
    assert told_of_it in told.text


def test_one_bad_batch(story: Callable[..., Told]) -> None:
    told = story(perceptron(batch="inputs[[3, 7], 1] = float('nan') if bad else 0.0"))
    assert told.data["incident"]["step"] == 60
    cause = told.cause
    assert (cause["cause"], cause["parameter"], cause["batch"]) == ("input", "0.weight", 60)
    assert (cause["bad"], cause["size"], cause["rows"]) == (2, 64, "3, 7")
    assert "The input of layer 0 is not finite: 2 of 64 values, in rows 3, 7 of the batch." in told.text
    assert "Look at batch 60, rows 3, 7" in told.text
    assert "Clip" not in told.text
    assert [step["step"] for step in told.data["steps"]] == list(range(11, 61))


def test_one_bad_row_after_the_norm_has_fallen(story: Callable[..., Told]) -> None:
    """It converges: the largest norm of the last steps is the first one's, a hundred times the usual one."""
    told = story(
        """
        import torch

        torch.manual_seed(0)
        model = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(61):
            inputs = torch.randn(8, 4)
            if step == 60:
                inputs[3, 1] = float("nan")
            optimizer.zero_grad()
            model(inputs).pow(2).mean().backward()
            optimizer.step()
        """
    )
    norms = [step["norm_pre"] for step in told.data["steps"][:-1]]
    assert max(norms) > 20 * sorted(norms)[len(norms) // 2]
    assert "1 of 32 values, in row 3 of the batch." in told.text
    assert "Look at batch 60, row 3: " in told.text
    assert "had grown" not in told.text
    assert "Clip" not in told.text
    assert "learning rate" not in told.text


def test_a_bad_target(story: Callable[..., Told]) -> None:
    told = story(
        perceptron(batch="targets[2] = float('inf') if bad else 0.0", loss="loss = nn.functional.mse_loss(outputs, targets)")
    )
    assert (told.cause["cause"], told.cause["operation"], told.cause["rows"]) == ("input", "target", "2")
    assert "The target of the loss is not finite: 1 of 16 values" in told.text


def test_log_of_zero(story: Callable[..., Told]) -> None:
    told = story(perceptron(loss="loss = loss - torch.log(torch.relu(outputs) * (not bad) + (not bad)).mean()"))
    cause = told.cause
    assert (cause["cause"], cause["operation"], cause["parameter"]) == ("operation", "log", "2.weight")
    assert "came out of log at or after layer 2: 16 of 16 inputs were zero or less." in told.text
    assert "Keep what log gets away from 0" in told.text


def test_weights_that_were_overwritten(story: Callable[..., Told]) -> None:
    told = story(perceptron(batch="bad and model[2].weight.data.fill_(float('nan'))"))
    assert (told.cause["cause"], told.cause["parameter"]) == ("weights", "2.weight")
    assert "The weights 2.weight are not finite." in told.text


def test_a_gradient_that_is_bad_where_the_loss_is_not(story: Callable[..., Told]) -> None:
    told = story(perceptron(loss="loss = loss + (torch.sqrt(model[0].weight * 0.0).sum() if bad else 0.0)"))
    assert told.cause["parameter"] == "0.weight"
    assert "cause" not in told.cause
    assert "the loss was " in told.text and "the gradient norm was nan" in told.text
    assert "The gradients of the other 3 parameters were finite." in told.text
    assert "set_detect_anomaly" in told.text


def every_twenty_steps(folder: Path, name: str = "{step}.pt", last: int = 65) -> str:
    """Saves before the batch of a step, and so what the step before has left."""
    return f"step in (20, 40, 60, {last}) and torch.save(model.state_dict(), f'{folder}/{name}')"


BAD_BATCH = "inputs[3] = float('nan') if bad else 0.0"


def test_the_checkpoint_to_go_on_from(story: Callable[..., Told], tmp_path: Path) -> None:
    told = story(perceptron(batch=f"{every_twenty_steps(tmp_path)}; {BAD_BATCH}"))
    assert f"The last checkpoint before it: step 59, {tmp_path}/60.pt (1 step earlier)." in told.text
    after = f"The last one of all, step 64, {tmp_path}/65.pt, was written after it went bad: it holds weights that"
    assert f"{after} are not finite." in told.text
    assert [told.data["checkpoints"][which]["step"] for which in ("before", "after")] == [59, 64]


def test_a_checkpoint_that_was_written_over(story: Callable[..., Told], tmp_path: Path) -> None:
    told = story(perceptron(batch=f"{every_twenty_steps(tmp_path, 'last.pt')}; {BAD_BATCH}"))
    assert "No checkpoint from before it is there." in told.text
    assert told.data["checkpoints"]["before"] is None


def test_weights_that_the_script_has_kept_finite(story: Callable[..., Told], tmp_path: Path) -> None:
    """It clips, and leaves out the gradients that are not finite."""
    update = "norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)"
    update += "; norm.isfinite() or [parameter.grad.zero_() for parameter in model.parameters()]"
    told = story(perceptron(batch=f"{every_twenty_steps(tmp_path)}; {BAD_BATCH}", update=update))
    assert told.data["incident"]["step"] == 60
    assert "was written after it went bad; the weights in it are finite." in told.text


def test_the_checkpoint_before_an_exception(story: Callable[..., Told], tmp_path: Path) -> None:
    saves = every_twenty_steps(tmp_path, last=40)
    told = story(perceptron(batch=f"{saves}; assert step < 70, 'out of cheese'"), code=1)
    assert f"The last checkpoint: step 59, {tmp_path}/60.pt (10 steps before the last one recorded)." in told.text


def test_an_exception(story: Callable[..., Told]) -> None:
    told = story(perceptron(batch="assert not bad, 'out of cheese'"), code=1, fresh=True)
    assert told.data["incident"] is None
    assert "It failed: AssertionError: out of cheese." in told.text
    assert "No step was non-finite, and none exploded. The last one recorded is step 59." in told.text
    assert "in <module>" in told.text
    assert told.data["changes"] == []


def test_a_check_of_the_script_s_own(story: Callable[..., Told]) -> None:
    """The clip raises, so that the update that went bad is never made."""
    clip = "nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)"
    told = story(perceptron(update=f"model[2].bias.grad[0] *= float('nan') if bad else 1.0; {clip}"), code=1)
    assert (told.data["incident"]["kind"], told.data["incident"]["step"]) == ("nonfinite", 60)
    assert "It failed: RuntimeError: The total norm" in told.text
    assert "The gradient of 2.bias is not finite (the first one that is not). The script's own check" in told.text
    assert "(error_if_nonfinite) stopped it before the update." in told.text
    assert "The gradients of the other 3 parameters were finite." in told.text
    assert "Stop there instead" not in told.text


def test_kill_9(story: Callable[..., Told]) -> None:
    told = story(perceptron(batch="import os, time; bad and [time.sleep(2), os.kill(os.getpid(), 9)]"), code=-9, fresh=True)
    assert "ended without a word" in told.text
    assert told.data["steps"][-1]["step"] == 59
    assert told.data["steps"][-1]["layers"].keys() == {"0.weight", "0.bias", "2.weight", "2.bias"}


def test_recomputing_graphs_are_not_looked_into(story: Callable[..., Told]) -> None:
    """Reading what checkpointing has put aside would run a part of the model once more."""
    told = story(
        perceptron(
            batch="inputs[3] = float('nan') if bad else 0.0",
            loss="from torch.utils.checkpoint import checkpoint;"
            " loss = ((checkpoint(model, inputs, use_reentrant=False) - targets) ** 2).mean()",
        )
    )
    assert told.data["incident"]["step"] == 60
    assert "cause" not in told.cause


def test_the_event_names_the_layer(script: Script, hub: HubForTests, warm: Warm) -> None:
    path = script(perceptron(batch="inputs[[3, 7], 1] = float('nan') if bad else 0.0"))
    warm.run(["-m", "gradsight", "run", str(path)], environment(**hub.environment()))
    hub.wait(lambda: hub.end)
    (message,) = [message for message in hub.received.values() if message.get("type") == "event"]
    event, story = message["event"], message["story"]
    assert (story["incident"]["kind"], story["incident"]["step"]) == ("nonfinite", 60)
    assert event["message"] in story["sections"][0]["lines"]
    assert [section["title"] for section in story["sections"]][-1] == "What to change"
    assert (event["kind"], event["series"], event["step"]) == ("nonfinite", "optimizer", 60)
    assert event["message"] == "The input of layer 0 is not finite: 2 of 64 values, in rows 3, 7 of the batch."
    assert event["data"]["parameter"] == "0.weight"


LOOP = "import gradsight\nfor step in range(60): gradsight.log(step, norm=float('nan') if step == 50 else 1.0, loss=2.0)"


@pytest.mark.parametrize(
    "ending, code", [("", 0), ("1 / 0", 1), ("import os; os._exit(3)", 3)], ids=["well", "exception", "exit"]
)
@pytest.mark.parametrize(
    "bad, expected",
    [
        ("math.nan if step == 50 else 1.0", ("nonfinite", 50)),
        ("1000.0 if step > 50 else 1.0", ("explosion", 55)),
        ("1.0", None),
    ],
    ids=["NaN", "explosion", "calm"],
)
def test_the_editor_is_told_the_same(
    bad: str,
    expected: Any,
    ending: str,
    code: int,
    script: Script,
    hub: HubForTests,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = script(f"import gradsight, math\nfor step in range(60): gradsight.log(step, norm={bad}, loss=2.0)\n{ending}")
    env = environment(GRADSIGHT_STATE=str(tmp_path / "state"), **hub.environment())
    assert run(command("-m", "gradsight", "run", str(path)), env=env).returncode == code
    story = hub.wait(lambda: hub.end)["story"]
    monkeypatch.setenv("GRADSIGHT_STATE", env["GRADSIGHT_STATE"])
    capsys.readouterr()
    why(None, False)
    printed = capsys.readouterr().out
    if expected is None and code == 0:
        assert (story, printed) == (None, "")
        return
    assert story["sections"]
    for section in story["sections"]:
        after = printed.split(f"\n{section['title']}\n", 1)[1].splitlines()
        assert [line.strip() for line in after[: len(section["lines"])]] == section["lines"]
        assert [line.split() for line in after[: len(section["table"])]] == section["table"]
    incident = story["incident"]
    assert (incident and (incident["kind"], incident["step"])) == expected


def test_the_editor_is_told_of_logged_steps_at_once(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    wait = "import os, time\nwhile not os.path.exists('told'): time.sleep(0.05)\n"
    process = subprocess.Popen(command(str(script(f"{LOOP}\n{wait}"))), env=environment(**hub.environment()), cwd=tmp_path)
    message = hub.wait(lambda: next((message for message in hub.received.values() if message.get("type") == "event"), None))
    event, story = message["event"], message["story"]
    assert (event["kind"], event["series"], event["step"]) == ("nonfinite", "train", 50)
    assert story["incident"]["step"] == 50 and story["sections"][0]["title"] == "What happened"
    assert hub.end is None
    (tmp_path / "told").touch()
    assert process.wait(60) == 0
    hub.wait(lambda: hub.end)
    assert len(hub.events) == 1


EXPLODING = "import gradsight\nfor step in range(60): gradsight.log(step, norm=1000.0 if step > 50 else 1.0, loss=2.0)"


def test_the_editor_is_told_of_an_explosion_at_once(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    wait = "import os, time\nwhile not os.path.exists('told'): time.sleep(0.05)\n"
    path = script(f"{EXPLODING}\n{wait}")
    process = subprocess.Popen(command(str(path)), env=environment(**hub.environment()), cwd=tmp_path)
    (story,) = hub.wait(lambda: hub.stories)
    assert (story["incident"]["kind"], story["incident"]["step"]) == ("explosion", 55)
    assert hub.end is None and hub.events == []  # as an event the editor finds it itself
    (tmp_path / "told").touch()
    assert process.wait(60) == 0
    assert hub.wait(lambda: hub.end)["story"]["incident"] == story["incident"]
    assert len(hub.stories) == 1


def test_the_editor_is_told_of_the_very_last_step(script: Script, hub: HubForTests) -> None:
    path = script("import gradsight\ngradsight.log(0, norm=1.0)\ngradsight.log(1, norm=float('nan'))")
    assert run(command(str(path)), env=environment(**hub.environment())).returncode == 0
    hub.wait(lambda: hub.end)
    (event,) = hub.events
    assert (event["kind"], event["step"]) == ("nonfinite", 1)


def test_an_editor_that_comes_later_is_told_of_an_explosion(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    wait = "import os, time\nwhile not os.path.exists('told'): time.sleep(0.05)\n"
    first = "import gradsight, os, time\ngradsight.log(0, norm=1.0)\nwhile not os.path.exists('gone'): time.sleep(0.05)\n"
    path = script(f"{first}{EXPLODING}\ngradsight.note('spilled')\n{wait}")
    process = subprocess.Popen(command(str(path)), env=environment(**hub.environment()), cwd=tmp_path)
    hub.wait_for_steps("train", 1)
    hub.stop()
    (tmp_path / "gone").touch()
    deadline = time.monotonic() + 60
    while not any(
        b'"type":"story"' in file.read_bytes() and b"spilled" in file.read_bytes() for file in hub.spill.glob("*.gsspill")
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    hub.start()
    story = hub.wait(lambda: hub.stories)[0]
    assert story["incident"]["kind"] == "explosion"
    assert hub.end is None
    (tmp_path / "told").touch()
    assert process.wait(60) == 0


def test_without_a_place_for_the_recording_the_editor_is_told(script: Script, hub: HubForTests, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    env = environment(GRADSIGHT_STATE=str(tmp_path / "state"), **hub.environment())
    done = run(command("-m", "gradsight", "run", str(script(LOOP))), env=env)
    assert done.stderr.count("the flight recorder stopped") == 1
    assert hub.wait(lambda: hub.end)["story"]["incident"]["step"] == 50


def test_finds_a_run_by_its_id_its_name_and_its_file(script: Script, tmp_path: Path) -> None:
    def ask(*wanted: str) -> "tuple[int, str, str]":
        done = run(command("-m", "gradsight", "why", *wanted), env=env)
        return done.returncode, done.stdout, done.stderr

    env = environment(GRADSIGHT_STATE=str(tmp_path / "state"))
    code, _, told = ask()
    assert code == 1 and "No recording in " in told
    for name, id in (("first", "run-aaa"), ("second", "run-bbb")):
        run(
            command("-m", "gradsight", "run", "--name", name, str(script(LOOP))),
            env={**env, "GRADSIGHT_RUN": id},
        )
    (file,) = (tmp_path / "state" / "flights").glob("run-aaa*")
    assert ask()[1].startswith("second (run run-bbb)")
    for wanted in ("run-a", "first", str(file)):
        assert ask(wanted)[1].startswith("first (run run-aaa)"), wanted
    code, _, told = ask("run-x")
    assert code == 1 and "run-aaa  first" in told and "run-bbb  second" in told
    for arguments in (["a", "b"], ["--bogus"]):
        assert ask(*arguments)[0] == 2


def test_finds_a_run_by_the_script_that_one_stands_beside(tmp_path: Path) -> None:
    env = environment(GRADSIGHT_STATE=str(tmp_path / "state"))
    for folder in ("mine", "others"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "train.py").write_text(
            f"import gradsight\ngradsight.log(0, norm=1)\nraise ValueError('{folder}')\n"
        )
        assert run(command("-m", "gradsight", "run", str(tmp_path / folder / "train.py")), env=env).returncode == 1

    def ask(wanted: str, folder: str, *options: str) -> str:
        return run(command("-m", "gradsight", "why", *options, wanted), env=env, cwd=tmp_path / folder).stdout

    for wanted, folder in (("train.py", "mine"), ("mine/train.py", "."), (str(tmp_path / "mine" / "train.py"), "others")):
        assert "It failed: ValueError: mine." in ask(wanted, folder), wanted
    assert "It failed: ValueError: others." in ask("train.py", ".")  # by its name: the latest
    started = time.localtime(json.loads(ask("train.py", ".", "--json"))["run"]["startedAt"])
    assert ask("train.py", ".").splitlines()[0].endswith(time.strftime(", started %Y-%m-%d %H:%M", started))


def test_a_reader_that_has_seen_enough(script: Script, tmp_path: Path) -> None:
    env = environment(GRADSIGHT_STATE=str(tmp_path / "state"))
    run(command("-m", "gradsight", "run", str(script(LOOP))), env=env)
    why = subprocess.Popen(
        command("-m", "gradsight", "why"),
        env=env,
        cwd=tempfile.gettempdir(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert why.stdout is not None and why.stderr is not None
    why.stdout.close()
    assert (why.wait(), why.stderr.read()) == (0, b"")


def test_the_rank_that_went_bad_first_has_the_story(script: Script, tmp_path: Path) -> None:
    env = environment(GRADSIGHT_STATE=str(tmp_path / "state"), GRADSIGHT_RUN="run-1", WORLD_SIZE="2")
    for rank in ("1", "0"):
        run(command("-m", "gradsight", "run", str(script(LOOP))), env={**env, "RANK": rank})
    told = run(command("-m", "gradsight", "why"), env=env).stdout
    assert told.startswith("train.py (run run-1, rank 1 of 2)")
    assert "Other recordings of this run: 1 (rank 0)." in told
