/** Updates of an optimizer that an imported module steps: said where the optimizer is built. */
import { describe, expect, it } from "vitest";
import { apply, parses } from "../../../../test/analysis/analyser.ts";
import { Project, placesIn } from "../../../../test/analysis/project.ts";

const CLIPPING = `class Adam(torch.optim.Adam):
    def step(self):
        torch.nn.utils.clip_grad_norm_(self.param_groups[0]["params"], 1)
        super().step()
`;

describe("an update that an imported module makes", () => {
  describe("where it is the optimizer that would be told to clip, it is one where that is built", () => {
    const engine = `import jax
from flax.training.train_state import TrainState
def improve(state: TrainState, batch):
    grads = jax.grad(loss)(state.params, batch)
    return state.apply_gradients(grads=grads)
`;
    const learner = (tx: string, call = "improve") => `import jax
import optax
from flax.training.train_state import TrainState
from engine import improve
improve_fast = jax.jit(improve)
class Learner:
    def __init__(self, params, decay=None):
        ${tx}
        self.state = TrainState.create(apply_fn=f, params=params, tx=tx)
    def update(self, batch):
        self.state = ${call}(self.state, batch)
`;

    it.each<[string, string, string[]]>([
      ["called", learner("tx = optax.adam(1e-3)"), ["8:missing-clipping"]],
      ["handed to what compiles it", learner("tx = optax.adam(1e-3)", "improve_fast"), ["8:missing-clipping"]],
      [
        "with one of two optimizers",
        learner("if decay:\n            tx = optax.adamw(1e-3)\n        else:\n            tx = optax.adam(1e-3)"),
        ["9:missing-clipping", "11:missing-clipping"],
      ],
      ["with an optimizer that clips", learner("tx = optax.chain(optax.clip_by_global_norm(1), optax.adam(1e-3))"), []],
      ["with an optimizer from who knows where", learner("tx = decay"), []],
      ["never", learner("tx = optax.adam(1e-3)", "self.model"), []],
    ])("%s", (_, text, places) => {
      const project = new Project({ "train.py": text, "engine.py": engine });
      expect(placesIn({ "train.py": text, "engine.py": engine })).toEqual(places);
      expect(project.lint("engine.py")).toEqual([]);
      const module = project.open();
      for (const { related } of module.lint())
        expect(related.map(({ range, module: at }) => at?.text.slice(range.start, range.end))).toEqual([
          "state.apply_gradients(grads=grads)",
        ]);
      const fixed = apply(module.text, module.fixAll("unsafe").edits);
      expect(parses(fixed)).toBe(true);
      expect(fixed.split("clip_by_global_norm")).toHaveLength(
        Math.max(places.length, text.split("clip_").length - 1) + 1,
      );
      expect(placesIn({ "train.py": fixed, "engine.py": engine })).toEqual([]);
      module.dispose();
    });

    it("none where what makes the update clips", () => {
      const clipping = engine.replace(
        "    return",
        "    grads = optax.clip_by_global_norm(1.0).update(grads, None)[0]\n    return",
      );
      const files = { "train.py": learner("tx = optax.adam(1e-3)"), "engine.py": `import optax\n${clipping}` };
      expect(placesIn(files)).toEqual([]);
    });
  });

  describe("a train state's class adds nothing to what its optimizer does", () => {
    const states = `from flax import struct
from flax.training import train_state
class NormState(train_state.TrainState):
    statistics: dict = struct.field(default_factory=dict)
`;
    const script = `import jax
import optax
from states import NormState
def improve(i, state):
    grads = jax.grad(loss)(state.params, data[i])
    return state.apply_gradients(grads=grads)
state = NormState.create(apply_fn=f, params=params, tx=optax.adam(1e-3), statistics={})
state = jax.lax.fori_loop(0, 4, improve, state)
`;
    const chained = script.replace("optax.adam(1e-3)", "optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))");
    const OWN = `    def apply_gradients(self, *, grads, **more):
        grads = jax.tree.map(lambda g: jax.numpy.clip(g, -1, 1), grads)
        return super().apply_gradients(grads=grads, **more)
`;

    it.each<[string, string, string, string[]]>([
      ["in a loop of JAX", script, states, ["6:missing-clipping"]],
      [
        "in a plain loop",
        script.replace(/state = jax.lax.*/, "for i in range(4): state = improve(i, state)"),
        states,
        ["6:missing-clipping"],
      ],
      ["with an optimizer that clips", chained, states, []],
      ["unless it has its own way", script, `import jax\n${states}${OWN}`, []],
      ["unless it can't be seen", script, "from elsewhere import NormState\n", []],
    ])("%s", (_, text, module, places) => expect(placesIn({ "train.py": text, "states.py": module })).toEqual(places));
  });

  describe("where a class there is handed the optimizer, it is one where that is built", () => {
    const engine = `import torch
class Engine:
    def __init__(self, net, stepper):
        self.net = net
        self.stepper = stepper
    def learn(self, data):
        for x in data:
            self.stepper.zero_grad()
            self.net(x).sum().backward()
            self.stepper.step()
`;
    const script = `import torch
from engine import Engine
net = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(net.parameters())
Engine(net, optimizer).learn(data)
`;
    const beforeStep = (line: string) => engine.replace(/^ +self.stepper.step/m, `            ${line}\n$&`);

    it.each<[string, string, string]>([
      ["at once", script, engine],
      ["in steps", script.replace(/Engine.*\)\./, "trainer = Engine(stepper=optimizer, net=net)\ntrainer."), engine],
      [
        "beside a function that makes one of what it is handed",
        script,
        `${engine}def make(a, b):\n    return Engine(a, b)\n`,
      ],
    ])("%s", (_, text, module) => {
      const files = { "train.py": text, "engine.py": module };
      expect(placesIn(files)).toEqual(["4:missing-clipping"]);
      expect(new Project(files).lint("engine.py")).toEqual([]);
      const [finding] = new Project(files).lint();
      expect([finding?.severity, finding?.fix]).toEqual(["warning", null]);
      const places = finding?.related.map(({ range, module: at }) => at?.text.slice(range.start, range.end));
      expect(places).toEqual(["self.stepper.step()", undefined]);
    });

    it.each<[string, string, string]>([
      ["the class clips", script, beforeStep("torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)")],
      ["the class may", script, `from tools import tame\n${beforeStep("tame(self.net)")}`],
      [
        "it is told what it is, and says it there",
        script,
        engine.replace("stepper)", "stepper: torch.optim.Optimizer)"),
      ],
      ["another module makes it", `from makers import build\n${script.replace(/torch.optim.*/, "build(net)")}`, engine],
      [
        "it clips by itself",
        script.replace("net =", `${CLIPPING}net =`).replace("torch.optim.Adam(net", "Adam(net"),
        engine,
      ],
      ["nothing runs", script.replace(".learn(data)", ""), engine],
    ])("not where %s", (_, text, module) => {
      const makers = "import torch\ndef build(net):\n    return torch.optim.Adam(net.parameters())\n";
      expect(placesIn({ "train.py": text, "engine.py": module, "makers.py": makers })).toEqual([]);
    });

    it("with what is usual for the network that it is built for", () => {
      const files = { "train.py": script.replace("LSTM(8, 8)", "Conv2d(8, 8, 3)"), "engine.py": engine };
      expect(new Project(files).lint().map(({ rule, severity }) => [rule, severity])).toEqual([
        ["missing-clipping", "information"],
      ]);
    });
  });
});
