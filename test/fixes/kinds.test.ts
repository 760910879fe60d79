/** The kinds of clipping that a user may choose, executed: see `fixes.test.ts` for what the scripts do. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
import type { OtherKind } from "../../server/analysis/frameworks/spelling.ts";
import { analyser, apply } from "../analysis/analyser.ts";
import { missing, printed, run } from "./python.ts";

const SCRIPTS = fileURLToPath(new URL("scripts/", import.meta.url));
const timeout = 300_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradsight-kinds-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Where the script lies as it is: not beside the others, one of which has the name of a package. */
async function unclipped(script: string): Promise<string> {
  const file = join(folder, "before.py");
  await writeFile(file, script);
  return file;
}

/** Where the script lies with that kind of clipping in it. */
async function clipping(script: string, kind: OtherKind): Promise<string> {
  const module = analyser.open(script);
  // A module that optimises by hand makes the update there, and not where it is trained.
  const byHand = script.split("\n").findIndex((line) => /^ +opt\.step\(\)/.test(line));
  const result = module.thresholdEdit({ threshold: 1, siteLine: byHand === -1 ? null : byHand, clipLine: null, kind });
  module.dispose();
  if ("refused" in result) throw new Error(result.refused);
  const file = join(folder, "after.py");
  await writeFile(file, apply(script, result.edits));
  return file;
}

async function scriptNamed(name: string, context: TestContext): Promise<string> {
  const script = await readFile(SCRIPTS + name, "utf8");
  const lacking = missing(script);
  if (lacking) context.skip(lacking);
  return script;
}

describe("by value", () => {
  it.for<[string, number]>([
    ["torch-loop.py", 36],
    ["fabric.py", 36],
    ["lightning-trainer.py", 36],
    ["keras-fit.py", 8],
    ["tensorflow-v1-tape.py", 36],
    ["optax-chain.py", 36],
    ["mlx-step.py", 36],
    ["paddle-loop.py", 36],
  ])("%s: each of its components is cut off at 0.5", { timeout }, async ([name, parameters], context) => {
    const script = await scriptNamed(name, context);
    const file = await clipping(script, "value");
    expect(await run(file, "1e4")).toBeCloseTo(0.5 * Math.sqrt(parameters), 5);
    expect(await run(file, "1e-4")).toBeCloseTo(await run(await unclipped(script), "1e-4"), 8);
  });
});

describe("adaptively", () => {
  // Of weights of zero the paper takes the norm for 1e-3: four units of one layer, and its bias.
  const bound = 0.01 * 1e-3 * Math.sqrt(5);
  it.for([
    "torch-loop.py",
    "accelerate.py",
    "fabric.py",
    "lightning-trainer.py",
    "lightning-manual.py",
    "optax-chain.py",
    "mlx-step.py",
    "paddle-loop.py",
    "paddle-scaler.py",
  ])("%s: each unit by the norm of its weights", { timeout }, async (name, context) => {
    const script = await scriptNamed(name, context);
    const file = await clipping(script, "adaptive");
    expect((await run(file, "1e4")) / bound).toBeCloseTo(1, 4);
    expect((await run(file, "1e-8")) / (await run(await unclipped(script), "1e-8"))).toBeCloseTo(1, 5);
  });
});

it("adaptively, of an MLX model whose layers lie in one another", { timeout }, async (context) => {
  const script = `# Needs: mlx
import sys

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_flatten, tree_map

model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Sequential(nn.Linear(4, 3, bias=False), nn.LayerNorm(3)))
model.update(tree_map(mx.ones_like, model.parameters()))
model.layers[0].freeze()
before = dict(tree_flatten(model.parameters()))
optimizer = optim.SGD(learning_rate=1.0)
value_and_grad = nn.value_and_grad(model, lambda m, x: float(sys.argv[1]) * (m.layers[1].layers[0](m.layers[0](x)) ** 2).sum())
_, gradients = value_and_grad(model, mx.ones((2, 4)))
optimizer.update(model, gradients)
moved = [before[name] - weight for name, weight in tree_flatten(model.parameters())]
print(sum(mx.square(change).sum().item() for change in moved) ** 0.5)
`;
  const lacking = missing(script);
  if (lacking) return context.skip(lacking);
  // Three units of four weights of one, each with a norm of 2.
  expect(await run(await clipping(script, "adaptive"), "1e4")).toBeCloseTo(0.01 * 2 * Math.sqrt(3), 5);
});

it("adaptively, of a PaddlePaddle model: each of a matrix's columns, and each of a convolution's rows", {
  timeout,
}, async (context) => {
  const script = `# Needs: paddle
import sys

import paddle

scale = float(sys.argv[1])
conv, linear = paddle.nn.Conv2D(2, 3, 2, bias_attr=False), paddle.nn.Linear(3, 4, bias_attr=False)
kept = paddle.nn.Linear(4, 1, weight_attr=paddle.ParamAttr(need_clip=False), bias_attr=False)
layers = [conv, linear, kept]
for layer in layers:
    layer.weight.set_value(paddle.ones_like(layer.weight))
before = [layer.weight.clone() for layer in layers]
optimizer = paddle.optimizer.SGD(1.0, parameters=[layer.weight for layer in layers])
loss = scale * kept(linear(conv(paddle.ones([1, 2, 2, 2])).flatten(1))).sum()
loss.backward()
optimizer.step()
print(*[((a - layer.weight) ** 2).sum().sqrt().item() for a, layer in zip(before, layers)])
`;
  const lacking = missing(script);
  if (lacking) return context.skip(lacking);
  const [conv, linear, kept] = (await printed(await clipping(script, "adaptive"), "1e2"))[0]!.split(" ").map(Number);
  // Three units of eight weights of one, four of three; the last layer's are 24 each.
  expect(conv).toBeCloseTo(0.01 * Math.sqrt(8) * Math.sqrt(3), 5);
  expect(linear).toBeCloseTo(0.01 * Math.sqrt(3) * Math.sqrt(4), 5);
  expect(kept).toBeCloseTo(1e2 * 24 * Math.sqrt(4), 0);
});

/** Weights for which every way to hold a gradient is there: dense, sparse with a row twice, none. */
const tape = (step: string, optimizer: string) => `# Needs: tensorflow
import sys

import tensorflow as tf

scale = float(sys.argv[1])
table = tf.Variable(tf.zeros((5, 4)))
kernel = tf.Variable(tf.zeros((4, 4)))
weights = [table, kernel, tf.Variable(tf.zeros((4,))), tf.Variable(tf.zeros((3,)))]
optimizer = ${optimizer}


${step}
def train_step(rows, x):
    with tf.GradientTape() as tape:
        loss = scale * tf.reduce_sum(tf.gather(table, rows) + x @ kernel + weights[2])
    gradients = tape.gradient(loss, weights)
    optimizer.apply_gradients(zip(gradients, weights))


train_step(tf.constant([1, 1, 3]), tf.ones((3, 4)))
print(float(tf.linalg.global_norm(weights)))
`;

describe("adaptively, with a tape of TensorFlow's", () => {
  // The four units of the table and of the kernel, and the bias.
  const bound = 0.01 * 1e-3 * Math.sqrt(4 + 4 + 1);
  it.for([
    tape("", "tf.compat.v1.train.GradientDescentOptimizer(1.0)"),
    tape("@tf.function", "tf.keras.optimizers.SGD(1.0)"),
    tape("@tf.function(jit_compile=True)", "tf.keras.optimizers.SGD(1.0)"),
  ])("each unit by the norm of its weights", { timeout }, async (script, context) => {
    const lacking = missing(script);
    if (lacking) return context.skip(lacking);
    const file = await clipping(script, "adaptive");
    expect((await run(file, "1e4")) / bound).toBeCloseTo(1, 4);
    expect((await run(file, "1e-8")) / (await run(await unclipped(script), "1e-8"))).toBeCloseTo(1, 5);
  });
});

/** A parameter whose gradient has these norms in turn, and one that has none. */
const history = (needs: string, set: string, prepare: string, backward: string) => `# Needs: ${needs}
import torch
${set}

model = torch.nn.ParameterList([torch.zeros(4), torch.zeros(4)])
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
${prepare}
parameter = next(iter(model.parameters()))
for norm in [1.0, 3.0, 2.0, 100.0, 5.0]:
    optimizer.zero_grad()
    before = parameter.detach().clone()
    loss = (parameter * norm / 2).sum()
    ${backward}
    optimizer.step()
    print((before - parameter.detach()).norm().item())
`;

/** The same under Lightning, whose precision is one that scales the loss. */
const lightning = (set: string, step: string) => `# Needs: torch, lightning
import lightning.pytorch as pl
import torch
from lightning.pytorch.plugins import MixedPrecision


class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.ParameterList([torch.zeros(4), torch.zeros(4)])
        ${set}

    def training_step(self, norm, index):
        ${step}

    def on_train_batch_start(self, batch, index):
        self.before = self.net[0].detach().clone()

    def on_train_batch_end(self, outputs, batch, index):
        print((self.before - self.net[0].detach()).norm().item())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


model = Model()
trainer = pl.Trainer(
    max_epochs=1,
    accelerator="cpu",
    plugins=[MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu"))],
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(model, torch.utils.data.DataLoader(torch.tensor([1.0, 3.0, 2.0, 100.0, 5.0])))
`;
const LOSS = "(self.net[0] * norm.squeeze() / 2).sum()";

const tapeHistory = (step: string, optimizer: string) => `# Needs: tensorflow
import tensorflow as tf

table = tf.Variable(tf.zeros((3, 4)))
weights = [tf.Variable(tf.zeros((4,))), table, tf.Variable(tf.zeros((4,)))]
optimizer = ${optimizer}


${step}
def train_step(norm):
    with tf.GradientTape() as tape:
        loss = norm / 4 * tf.sqrt(2.0) * (tf.reduce_sum(weights[0]) + tf.reduce_sum(tf.gather(table, [1])))
    gradients = tape.gradient(loss, weights)
    optimizer.apply_gradients(zip(gradients, weights))


for norm in [1.0, 3.0, float("inf"), 2.0, 100.0, 5.0]:
    before = [tf.identity(weight) for weight in weights]
    train_step(tf.constant(norm))
    if norm == float("inf"):
        for weight, value in zip(weights, before):
            weight.assign(value)
    else:
        print(float(tf.linalg.global_norm([weight - value for weight, value in zip(weights, before)])))
`;

const OPTAX_HISTORY = `# Needs: jax, optax
import jax
import jax.numpy as jnp
import optax

params = {"w": jnp.zeros(4), "v": jnp.zeros(4)}
tx = optax.sgd(1.0)
state = tx.init(params)


@jax.jit
def train_step(params, state, norm):
    grads = jax.grad(lambda p: norm / 2 * p["w"].sum())(params)
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state


for norm in [1.0, 3.0, float("inf"), 2.0, 100.0, 5.0]:
    moved, state = train_step(params, state, norm)
    if norm != float("inf"):
        print(float(jnp.linalg.norm(moved["w"] - params["w"])))
        params = moved
`;

/** Gradients of these norms in turn, one of which is infinite. */
const PADDLE_HISTORY = `# Needs: paddle
import paddle

weights = [paddle.create_parameter([4], "float32"), paddle.create_parameter([4], "float32")]
optimizer = paddle.optimizer.SGD(1.0, parameters=weights)
for norm in [1.0, 3.0, float("inf"), 2.0, 100.0, 5.0]:
    before = weights[0].clone()
    loss = (weights[0] * norm / 2).sum()
    loss.backward()
    optimizer.step()
    optimizer.clear_grad()
    if norm == float("inf"):
        weights[0].set_value(before)
    else:
        print(((before - weights[0]) ** 2).sum().sqrt().item())
`;

const MLX_HISTORY = `# Needs: mlx
import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = mx.zeros(4)
        self.v = mx.zeros(4)


model = Model()
optimizer = optim.SGD(learning_rate=1.0)
value_and_grad = nn.value_and_grad(model, lambda norm: norm / 2 * model.w.sum())
for norm in [1.0, 3.0, float("inf"), 2.0, 100.0, 5.0]:
    before = model.w
    _, grads = value_and_grad(norm)
    optimizer.update(model, grads)
    if norm == float("inf"):
        model.w = before
    else:
        print(mx.sqrt(mx.square(before - model.w).sum()).item())
`;

it.for([
  OPTAX_HISTORY,
  PADDLE_HISTORY,
  MLX_HISTORY,
  tapeHistory("", "tf.compat.v1.train.GradientDescentOptimizer(1.0)"),
  tapeHistory("@tf.function", "tf.keras.optimizers.SGD(1.0)"),
  tapeHistory("@tf.function(jit_compile=True)", "tf.keras.optimizers.SGD(1.0)"),
  lightning("pass", `return ${LOSS}`),
  lightning(
    "self.automatic_optimization = False",
    `opt = self.optimizers()
        opt.zero_grad()
        self.manual_backward(${LOSS})
        opt.step()`,
  ),
  history("torch", "", "", "loss.backward()"),
  history(
    "torch, accelerate",
    "from accelerate import Accelerator\naccelerator = Accelerator(cpu=True)",
    "model, optimizer = accelerator.prepare(model, optimizer)",
    "accelerator.backward(loss)",
  ),
  history(
    "torch, lightning",
    'from lightning.fabric import Fabric\nimport os\nfabric = Fabric(accelerator="cpu", devices=1, precision=os.environ.get("PRECISION", "32-true"))',
    "optimizer = fabric.setup_optimizers(optimizer)",
    "fabric.backward(loss)",
  ),
])("by the history: at the median of the norms so far", { timeout }, async (script, context) => {
  const lacking = missing(script);
  if (lacking) return context.skip(lacking);
  const norms = (await printed(await clipping(script, "autoclip"))).map(Number);
  expect(norms.map((norm) => Number(norm.toFixed(4)))).toEqual([1, 1, 2, 3, 3]);
});
