import { describe, expect, it } from "vitest";
import { fixAll, lint, places } from "../../../test/analysis/analyser.ts";
import { placesIn } from "../../../test/analysis/project.ts";

const indent = (text: string) => text.replaceAll(/^(?=.)/gm, "    ");
const loop = (clip: string, before = "") => `import argparse, math
from dataclasses import dataclass
import torch
from torch import nn
parser = argparse.ArgumentParser()
parser.add_argument("--zero", type=float, default=0.0)
parser.add_argument("--none", type=float, default=None)
parser.add_argument("--off", type=float, default=-1)
parser.add_argument("--one", type=float, default=1.0)
parser.add_argument("--use-clip", action="store_true")
args = parser.parse_args()
${before}
optimizer = torch.optim.SGD(model.parameters(), lr=1)
for i, x in enumerate(data):
    loss.backward()
${indent(clip)}
    optimizer.step()
`;
const norm = (threshold: string) => `nn.utils.clip_grad_norm_(model.parameters(), ${threshold})`;
const value = (threshold: string) => `nn.utils.clip_grad_value_(model.parameters(), ${threshold})`;
const messages = (text: string) =>
  lint(text).flatMap(({ rule, message }) => (rule === "invalid-threshold" ? [message] : []));

describe("reports", () => {
  it.each([
    ["zero", norm("0"), "", "A threshold of 0: every gradient becomes zero, and nothing is learned."],
    [
      "zero by keyword",
      norm("max_norm=0.0"),
      "",
      "A threshold of 0: every gradient becomes zero, and nothing is learned.",
    ],
    ["zero, by value", value("0"), "", "A threshold of 0: every gradient becomes zero, and nothing is learned."],
    [
      "a negative norm",
      norm("-1.0"),
      "",
      "A threshold of -1: every gradient is turned around, and the update goes uphill.",
    ],
    ["a negative bound", value("-0.5"), "", "A threshold of -0.5: every component of the gradients becomes -0.5."],
    ["NaN", norm('float("nan")'), "", "A threshold of NaN: every gradient becomes NaN."],
    ["None", norm("None"), "", "A threshold of None: the clip raises a `TypeError`."],
    ["a constant", norm("CLIP"), "CLIP = 0", "`CLIP` is 0: every gradient becomes zero, and nothing is learned."],
    [
      "a constant, now and then",
      `if i % 4 == 0:\n    ${norm("CLIP")}`,
      "CLIP = 0",
      "`CLIP` is 0: every gradient becomes zero, and nothing is learned.",
    ],
    [
      "an option's default",
      norm("args.zero"),
      "",
      "`args.zero` is 0 by default: every gradient becomes zero, and nothing is learned.",
    ],
    ["an option's None", norm("args.none"), "", "`args.none` is None by default: the clip raises a `TypeError`."],
    [
      "a default that a condition on None lets through",
      `if args.zero is not None:\n    ${norm("args.zero")}`,
      "",
      "`args.zero` is 0 by default: every gradient becomes zero, and nothing is learned.",
    ],
    [
      "a field's default",
      norm("cfg.clip"),
      "@dataclass\nclass Config:\n    clip: float = 0\ncfg = parse(Config)",
      "`cfg.clip` is 0 by default: every gradient becomes zero, and nothing is learned.",
    ],
    [
      "a field that keeps its default",
      norm("cfg.clip"),
      "@dataclass\nclass Config:\n    clip: float = 0\ncfg = Config()",
      "`cfg.clip` is 0: every gradient becomes zero, and nothing is learned.",
    ],
    [
      "a dictionary's entry",
      norm('cfg.get("clip", 1.0)'),
      'cfg = {"clip": 0}',
      '`cfg.get("clip", 1.0)` is 0: every gradient becomes zero, and nothing is learned.',
    ],
    [
      "what is converted",
      norm("float(CLIP)"),
      "CLIP = 0",
      "`float(CLIP)` is 0: every gradient becomes zero, and nothing is learned.",
    ],
    [
      "a condition that lets zero through",
      `if args.off >= 0:\n    ${norm("args.off")}`,
      "",
      "`args.off >= 0` lets a threshold of 0 through to the clip, which then sets every gradient to zero.",
    ],
    [
      "such a condition among others",
      `if args.use_clip and args.one >= 0.0:\n    ${norm("args.one")}`,
      "",
      "`args.one >= 0.0` lets a threshold of 0 through to the clip, which then sets every gradient to zero.",
    ],
    [
      "such a condition on a number that can't be seen",
      `if 0 <= hparams.clip:\n    ${norm("hparams.clip")}`,
      "from settings import hparams",
      "`0 <= hparams.clip` lets a threshold of 0 through to the clip, which then sets every gradient to zero.",
    ],
    [
      "such a condition under another name",
      `limit = args.off\nif args.off > -1:\n    ${norm("limit")}`,
      "",
      "`args.off > -1` lets a threshold of 0 through to the clip, which then sets every gradient to zero.",
    ],
  ])("%s", (_, clip, before, message) => expect(messages(loop(clip, before))).toEqual([message]));

  it("what a helper is called with", () => {
    const text = loop(
      "tame(model, 0)",
      "def tame(net, limit):\n    if limit is not None:\n        nn.utils.clip_grad_norm_(net.parameters(), limit)",
    );
    expect(messages(text)).toEqual(["`limit` is 0: every gradient becomes zero, and nothing is learned."]);
  });

  it("a condition around the helper's call", () => {
    const text = loop(
      "if args.off >= 0:\n    tame(model, args.off)",
      "def tame(net, limit):\n    nn.utils.clip_grad_norm_(net.parameters(), limit)",
    );
    expect(messages(text)).toHaveLength(1);
  });

  it("a helper that leaves for negative numbers alone", () => {
    const helper = (operator: string) =>
      loop(
        "tame(model, args.off)",
        `def tame(net, limit):\n    if limit ${operator} 0:\n        return\n    nn.utils.clip_grad_norm_(net.parameters(), limit)`,
      );
    expect(messages(helper("<"))).toHaveLength(1);
    expect(messages(helper("<="))).toEqual([]);
    expect(fixAll(helper("<"))).toBe(helper("<="));
  });

  it.each([
    ["import accelerate\naccelerator = accelerate.Accelerator()", "accelerator.clip_grad_norm_(model.parameters(), 0)"],
    ["from lightning.fabric import Fabric\nfabric = Fabric()", "fabric.clip_gradients(model, optimizer, max_norm=0)"],
  ])("zero in %s", (before, clip) => expect(messages(loop(clip, before))).toHaveLength(1));
});

const tensorflow = (threshold: string) => `import tensorflow as tf
optimizer = tf.keras.optimizers.SGD()
with tf.GradientTape() as tape:
    loss = model(x)
grads = tape.gradient(loss, weights)
grads, _ = tf.clip_by_global_norm(grads, ${threshold})
optimizer.apply_gradients(zip(grads, weights))
`;

it("reports zero where gradients are values, and where an optimizer is told", () => {
  expect(messages(tensorflow("0.0"))).toHaveLength(1);
  const optax = `import jax, optax
tx = optax.chain(optax.clip_by_global_norm(0.0), optax.adam(1e-3))
state = tx.init(params)
for x in data:
    grads = jax.grad(loss)(params, x)
    updates, state = tx.update(grads, state)
    params = optax.apply_updates(params, updates)
`;
  expect(messages(optax)).toHaveLength(1);
});

describe("says nothing", () => {
  it.each([
    ["to a threshold", norm("1.0"), ""],
    ["to measuring", norm('float("inf")'), ""],
    ["to measuring, spelled by a module", norm("math.inf"), ""],
    ["to a default of zero that is kept out", `if args.zero:\n    ${norm("args.zero")}`, ""],
    ["to one that a comparison keeps out", `if args.zero > 0:\n    ${norm("args.zero")}`, ""],
    ["to one that another name keeps out", `if clipping:\n    ${norm("args.zero")}`, "clipping = args.zero > 0"],
    ["to one that an expression keeps out", `args.zero and ${norm("args.zero")}`, ""],
    ["to one that an assertion keeps out", `assert args.zero > 0\n${norm("args.zero")}`, ""],
    ["to one that leaves early", `if not args.zero:\n    continue\n${norm("args.zero")}`, ""],
    ["to None that is kept out", `if args.none is not None:\n    ${norm("args.none")}`, ""],
    ["to a default that another option goes with", `if args.use_clip:\n    ${norm("args.zero")}`, ""],
    ["to a default that is replaced", norm("args.zero"), "args.zero = args.zero or 1.0"],
    ["to a default that the parser is told again", norm("args.zero"), "parser.set_defaults(zero=1.0)"],
    ["to a fallback", norm("args.zero or 1.0"), ""],
    ["to a number that can't be followed", norm("cfg.clip"), "from settings import cfg"],
    ["to a condition that can't be read", `if sensible(CLIP):\n    ${norm("CLIP")}`, "CLIP = 0"],
    ["to a constant above zero, compared for good measure", `if CLIP >= 0:\n    ${norm("CLIP")}`, "CLIP = 1.0"],
    ["to a condition on something else", `if i >= 0:\n    ${norm("args.one")}`, ""],
    ["to zero kept out further in", `if args.off >= 0:\n    if args.off:\n        ${norm("args.off")}`, ""],
    ["to a class's own clip", "net.clip_grad_norm_(0)", "net = Net()"],
  ])("%s", (_, clip, before) => expect(messages(loop(clip, before))).toEqual([]));

  it("to a default that another module keeps out", () => {
    const text = loop(
      "run(tame, args.zero)",
      "from engine import run\ndef tame(limit):\n    nn.utils.clip_grad_norm_(model.parameters(), limit)",
    );
    const engine = "def run(clip, limit):\n    if limit:\n        clip(limit)\n";
    expect(placesIn({ "train.py": text, "engine.py": engine })).toEqual([]);
  });

  it.each([
    ["Keras", "import keras\nmodel.compile(optimizer=keras.optimizers.Adam(clipnorm=0))\nmodel.fit(x, y)\n"],
    [
      "the Trainer of Hugging Face",
      "import transformers as t\nt.Trainer(model, t.TrainingArguments('out', max_grad_norm=0)).train()\n",
    ],
  ])("to zero in %s, which takes it for off", (_, text) => expect(messages(text)).toEqual([]));

  it("to a negative threshold in TensorFlow, which clips to nothing then", () => {
    expect(messages(tensorflow("-1.0"))).toEqual([]);
  });

  it("to zero in Lightning, which takes it for off", () => {
    const text = `import lightning as L
class Module(L.LightningModule):
    def training_step(self, batch, i):
        optimizer = self.optimizers()
        self.manual_backward(self.loss(batch))
        self.clip_gradients(optimizer, gradient_clip_val=0, gradient_clip_algorithm="norm")
        optimizer.step()
`;
    expect(messages(text)).toEqual([]);
  });

  it.each([
    ["a default that is made with a number", "config: Config = Config(limit=1.0)", []],
    ["a default that is made with fields by their place", "config: Config = Config(8, 1.0)", []],
    ["what is handed in, and may have a number", "config: Config", []],
    ["a default of zero", "config: Config = Config(limit=0.0)", []],
  ])("to a field's default of None, with %s", (_, parameter, expected) => {
    const text = `import torch
from dataclasses import dataclass
@dataclass
class Config:
    width: int = 8
    limit: float | None = None

def main(${parameter}):
    train(model, config)

def train(model, config):
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), config.limit)
    optimizer.step()
`;
    expect(messages(text)).toEqual(expected);
  });

  it("to a parameter's default of None that is filled in", () => {
    const text = `import torch
def train(model, optimizer, limit=None):
    if limit is None:
        limit = 1.0
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), limit)
    optimizer.step()
`;
    expect(messages(text)).toEqual([]);
  });

  it("to a parameter's default of None, where whoever builds the object gives a number", () => {
    const text = `import torch
class Learner:
    def __init__(self, model, rate=None, limit=None):
        assert isinstance(limit, float)
        self.model, self.limit = model, limit
        self.optimizer = torch.optim.RMSprop(model.parameters(), lr=rate)
    def learn(self, loss):
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.limit)
        self.optimizer.step()
`;
    expect(messages(text)).toEqual([]);
    expect(messages(text.replace("=None, limit=None", "=None, limit=0.0"))).toHaveLength(1);
  });
});

it("takes zero for no clipping", () => {
  for (const [lax, strict] of [
    ["args.off >= 0", "args.off > 0"],
    ["0.0 <= args.off", "0.0 < args.off"],
  ]) {
    const text = (condition: string) => loop(`if ${condition}:\n    ${norm("args.off")}`);
    expect(fixAll(text(lax!))).toBe(text(strict!));
    expect(places(text(strict!))).toEqual([]);
  }
});
