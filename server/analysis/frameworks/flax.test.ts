import { describe, expect, it } from "vitest";
import { fixAll, lint, places } from "../../../test/analysis/analyser.ts";

const linen = (tx: string, run: string, layer = "nn.Dense(8)") => `import functools
import jax
import optax
from flax import jax_utils
from flax import linen as nn
from flax.training import checkpoints, train_state


class Model(nn.Module):
    @nn.compact
    def __call__(self, x):
        return ${layer}(x)


def train_step(state, batch, rate):
    grads = jax.grad(lambda p: state.apply_fn(p, batch).sum() * rate)(state.params)
    return state.apply_gradients(grads=grads)


def main(batches, folder):
    model = Model()
    tx = ${tx}
    state = train_state.TrainState.create(apply_fn=model.apply, params=init(model), tx=tx)
${run
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
`;

const CLIPPED = "optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))";

describe("a train state", () => {
  const runs: [string, string][] = [
    ["called plainly", "for b in batches:\n    state = train_step(state, b, 1)"],
    ["compiled", "step = jax.jit(train_step, static_argnums=2)\nfor b in batches:\n    state = step(state, b, 1)"],
    [
      "replicated, over devices, with an argument filled in",
      'state = jax_utils.replicate(state)\np_step = jax.pmap(functools.partial(train_step, rate=1), axis_name="b")\nfor b in batches:\n    state = p_step(state, b)',
    ],
    [
      "restored and replaced",
      "state = checkpoints.restore_checkpoint(folder, state)\nstate = state.replace(step=0)\nfor b in batches:\n    state = train_step(state, b, 1)",
    ],
  ];
  it.each(runs)("is followed to its optimizer: %s", (_, run) => {
    expect(places(linen("optax.adam(1e-3)", run))).toEqual(["17:missing-clipping"]);
    expect(places(linen(CLIPPED, run))).toEqual([]);
  });

  it("may be of a class of the file", () => {
    const text = linen("optax.adam(1e-3)", "for b in batches:\n    state = train_step(state, b, 1)")
      .replace("\n\nclass Model", "\n\nclass State(train_state.TrainState):\n    stats: dict\n\n\nclass Model")
      .replace("train_state.TrainState.create(", "State.create(stats={}, ");
    expect(places(text)).toEqual(["21:missing-clipping"]);
  });

  it("is left to its class where that applies gradients in its own way", () => {
    const text = linen("optax.adam(1e-3)", "for b in batches:\n    state = train_step(state, b, 1)")
      .replace(
        "\n\nclass Model",
        `

class State(train_state.TrainState):
    def apply_gradients(self, *, grads, **kwargs):
        grads = jax.tree.map(lambda g: jax.numpy.clip(g, -1, 1), grads)
        return super().apply_gradients(grads=grads, **kwargs)


class Model`,
      )
      .replace("train_state.TrainState.create(", "State.create(");
    expect(places(text)).toEqual([]);
  });

  it("is followed through a helper that builds it, and one that it can't see but gives its optimizer to", () => {
    const run = "state = shard(state)\nfor b in batches:\n    state = train_step(state, b, 1)";
    const imported = linen("optax.adam(1e-3)", run.replace("shard(state)", "setup(model, tx)")).replace(
      "import optax",
      "import optax\nfrom helpers import setup",
    );
    expect(places(imported)).toEqual(["18:missing-clipping"]);
    expect(places(imported.replace("setup(model, tx)", "setup(model)"))).toEqual([]);
  });

  it("is not reported where it is handed in", () => {
    expect(
      places(`import jax
from flax.training.train_state import TrainState

def train_step(state: TrainState, batch):
    grads = jax.grad(state.apply_fn)(state.params, batch)
    return state.apply_gradients(grads=grads)
`),
    ).toEqual([]);
  });

  it("gets its clip where the optimizer is built", () => {
    const text = linen("optax.adam(1e-3)", "for b in batches:\n    state = train_step(state, b, 1)");
    expect(fixAll(text)).toBe(text.replace("optax.adam(1e-3)", CLIPPED));
  });
});

describe("NNX", () => {
  const nnx = (build: string, update: string) => `import jax
import optax
from flax import nnx

model = Model(rngs=nnx.Rngs(0))
optimizer = ${build}


@nnx.jit
def train_step(model, optimizer, metrics, batch):
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    metrics.update(loss=loss)
    ${update}


for batch in batches:
    train_step(model, optimizer, metrics, batch)
`;
  it.each([
    ["nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)", "optimizer.update(model, grads)"],
    ["nnx.Optimizer(model, optax.adam(1e-3))", "optimizer.update(grads)"],
    ["nnx.ModelAndOptimizer(model, tx=optax.adam(1e-3))", "optimizer.update(grads)"],
  ])("reports %s", (build, update) => {
    const text = nnx(build, update);
    expect(places(text)).toEqual(["13:missing-clipping"]);
    expect(fixAll(text)).toBe(text.replace("optax.adam(1e-3)", CLIPPED));
    expect(places(nnx(build.replace("optax.adam(1e-3)", CLIPPED), update))).toEqual([]);
  });
});

describe("the kind of network", () => {
  const severity = (layer: string) =>
    lint(linen("optax.adam(1e-3)", "for b in batches:\n    state = train_step(state, b, 1)", layer)).map(
      (finding) => finding.severity,
    );
  it("makes attention and recurrence a warning, and convolutions information", () => {
    expect(severity("nn.MultiHeadDotProductAttention(num_heads=2)")).toEqual(["warning"]);
    expect(severity("nn.RNN(nn.LSTMCell(8))")).toEqual(["warning"]);
    expect(severity("nn.Conv(8, (3, 3))")).toEqual(["information"]);
    expect(severity("nn.Dense(8)")).toEqual(["information"]);
  });
});

describe("a state that is made anew with the optimizer of the one before", () => {
  const trainer = (tx: string, again: string) => `import jax
import optax
from flax.training.train_state import TrainState

class Trainer:
    def __init__(self, net):
        self.net = net
        self.state = TrainState(step=0, params=net.init(), tx=None, opt_state=None)
        self.make()

    def make(self):
        def step(state, batch):
            loss, grads = jax.value_and_grad(lambda p: state.apply_fn(p, batch))(state.params)
            return state.apply_gradients(grads=grads), loss
        self.step = jax.jit(step)

    def start(self):
        self.state = TrainState.create(apply_fn=self.net.apply, params=self.state.params, tx=${tx})

    def run(self, data):
        for batch in data:
            self.state, loss = self.step(self.state, batch)

    def load(self, params):
        self.state = TrainState.create(apply_fn=self.net.apply, params=params, tx=${again})
`;

  it.each(["self.state.tx", "self.state.tx if self.state.tx else optax.sgd(0.1)"])("has that one: %s", (again) => {
    expect(places(trainer("optax.adam(1e-3)", again))).toEqual(["14:missing-clipping"]);
  });

  it("clips as that one does", () => {
    const clipped = "optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))";
    expect(places(trainer(clipped, "self.state.tx"))).toEqual([]);
    expect(places(trainer("given", "self.state.tx"))).toEqual([]);
  });

  const derived = (tx: string, members: string) =>
    trainer(tx, "self.state.tx").replace(
      "from flax.training.train_state import TrainState\n",
      `from flax.training import train_state\nclass TrainState(train_state.TrainState):\n${members}`,
    );

  it("may be of a class with further fields", () => {
    expect(places(derived("optax.adam(1e-3)", "    statistics: dict = None\n"))).toEqual(["16:missing-clipping"]);
    expect(places(derived("given", "    statistics: dict = None\n"))).toEqual([]);
    const own = "    def apply_gradients(self, grads):\n        return super().apply_gradients(grads=shrunk(grads))\n";
    expect(places(derived("optax.adam(1e-3)", own))).toEqual([]);
  });

  it("is what the class with further fields is made with", () => {
    const made = (tx: string) => `import jax
import optax
from flax.training import train_state

class State(train_state.TrainState):
    key: jax.Array

def step(state, batch):
    grads = jax.grad(loss)(state.params, batch)
    return state.apply_gradients(grads=grads)

def main(net, params, key, data):
    tx = ${tx}
    state = State(step=0, apply_fn=net.apply, params=params, tx=tx, opt_state=tx.init(params), key=key)
    for batch in data:
        state = step(state, batch)
`;
    expect(places(made("optax.adam(1e-3)"))).toEqual(["10:missing-clipping"]);
    expect(places(made(CLIPPED))).toEqual([]);
  });
});
