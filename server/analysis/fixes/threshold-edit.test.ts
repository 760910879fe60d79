import { describe, expect, it } from "vitest";
import { analyser, rulesFound } from "../../../test/analysis/analyser.ts";
import { set, train } from "./testing/set-threshold.ts";

it("inserts the clip where there is none", () => {
  const text =
    "import torch\noptimizer = torch.optim.SGD(model.parameters(), lr=1)\nloss.backward()\noptimizer.step()\n";
  const result = set(text, 0.75, { siteLine: 3 });
  expect(result).toMatchObject({
    text: text.replace(
      "optimizer.step()",
      "torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.75)\noptimizer.step()",
    ),
  });
  if ("text" in result) expect(rulesFound(result.text)).toEqual([]);
});

it("names the place where a trainer is told to clip, not that of its call", () => {
  const text =
    "from transformers import Trainer, TrainingArguments\nargs = TrainingArguments(max_grad_norm=0.0)\nTrainer(args=args).train()\n";
  const start = text.indexOf("0.0");
  expect(set(text, 0.5, { siteLine: 2 })).toMatchObject({ range: { start, end: start + 3 } });
});

describe("a loop that logs by hand", () => {
  const text = (value: string, named = ", threshold=LIMIT") => `import gradsight
LIMIT = ${value}
for step in range(10):
    gradsight.log(step, norm=norm${named})
`;
  it("changes the number that it names", () =>
    expect(set(text("1.0"), 0.5, { siteLine: 3 })).toMatchObject({ text: text("0.5") }));
  it("asks for a name where there is none", () =>
    expect(set(text("1.0", ""), 0.5, { siteLine: 3 })).toMatchObject({
      refused: expect.stringContaining("threshold="),
    }));
  it("finds nothing wrong there", () => expect(rulesFound(text("1.0"))).toEqual([]));
});

describe("refuses, and says what to do", () => {
  it.each([
    ["a threshold from another module", train("from config import CLIP", "CLIP"), "config.CLIP"],
    ["a threshold of several values", train("CLIP = 1.0\nif large:\n    CLIP = 2.0", "CLIP"), "1, 2"],
    [
      "a command-line option without default",
      train('p = argparse.ArgumentParser()\np.add_argument("--clip", type=float)\nargs = p.parse_args()', "args.clip"),
      "`--clip`",
    ],
    [
      "a threshold that each call passes anew",
      "import torch\ndef step(opt, limit):\n    loss.backward()\n    torch.nn.utils.clip_grad_norm_(model.parameters(), limit)\n    opt.step()\nopt = torch.optim.SGD(model.parameters(), lr=1)\nstep(opt, 1.0)\nstep(opt, 2.0)\n",
      "thresholds of their own",
    ],
    ["a computed threshold", train("", "2 * base"), "computed"],
    ["clipping by value", train("", "1.0").replace("clip_grad_norm_", "clip_grad_value_"), "by value"],
    [
      "a clip that comes too late",
      "import torch\nopt = torch.optim.SGD(model.parameters(), lr=1)\nloss.backward()\nopt.step()\ntorch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n",
      "Move it",
    ],
    ["a file without updates", "import torch\nprint(1)\n", ""],
  ])("%s", (_, text, part) => {
    expect(set(text)).toMatchObject({ refused: expect.stringContaining(part) });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("a threshold of %s", (threshold) =>
    expect(set(train("", "1.0"), threshold)).toHaveProperty("refused"),
  );
});

describe("an optimizer that clips by itself", () => {
  const compiled = (optimizer: string, before = "") => `import keras
${before}
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=${optimizer}, loss="mse")
model.fit(x, y)
`;

  it.each([
    ["keras.optimizers.Adam(global_clipnorm=1.0)", "keras.optimizers.Adam(global_clipnorm=0.5)"],
    ["keras.optimizers.Adam(clipnorm=1.0)", "keras.optimizers.Adam(clipnorm=0.5)"],
    ["keras.optimizers.Adam()", "keras.optimizers.Adam(global_clipnorm=0.5)"],
    ["keras.optimizers.Adam(global_clipnorm=None)", "keras.optimizers.Adam(global_clipnorm=0.5)"],
    ['"adam"', "keras.optimizers.Adam(global_clipnorm=0.5)"],
  ])("is told the threshold: %s", (optimizer, expected) => {
    expect(set(compiled(optimizer))).toMatchObject({ text: compiled(expected) });
  });

  it("keeps the number where it is", () => {
    const text = (limit: string) => compiled("keras.optimizers.Adam(global_clipnorm=LIMIT)", `LIMIT = ${limit}`);
    expect(set(text("1.0"))).toMatchObject({ text: text("0.5") });
  });

  it("is found by the line of its constructor", () => {
    const text = (limit: string) => `import keras
optimizer = keras.optimizers.Adam(${limit})
other = keras.optimizers.SGD(global_clipnorm=2.0)
a, b = keras.Sequential(), keras.Sequential()
a.compile(optimizer)
b.compile(other)
a.fit(x)
b.fit(x)
`;
    expect(set(text("global_clipnorm=1.0"), 0.5, { siteLine: 1 })).toMatchObject({ text: text("global_clipnorm=0.5") });
  });

  it("is found by the call that trains the model", () => {
    const text = (limit: string) => `import keras
a, b = keras.Sequential(), keras.Sequential()
a.compile(keras.optimizers.Adam(global_clipnorm=${limit}))
b.compile(keras.optimizers.SGD(global_clipnorm=2.0))
for epoch in range(9):
    print(epoch)
    a.fit(x)
b.fit(x)
`;
    expect(set(text("1.0"), 0.5, { siteLine: 6 })).toMatchObject({ text: text("0.5") });
  });

  it("isn't told a norm where it clips by value", () => {
    expect(set(compiled("keras.optimizers.Adam(clipvalue=1.0)"))).toMatchObject({
      refused: expect.stringContaining("clips by value"),
    });
  });
});

describe("the call that makes the update", () => {
  it.each<[string, string, string, string]>([
    [
      "timm's scaler",
      "import torch\nfrom timm.utils import NativeScaler\nscaler = NativeScaler()\nopt = torch.optim.SGD(model.parameters(), lr=1)\nscaler(loss, opt",
      "",
      ", clip_grad=0.5, parameters=model.parameters())\n",
    ],
    [
      "timm's scaler, again",
      "import torch\nfrom timm.utils import NativeScaler\nscaler = NativeScaler()\nopt = torch.optim.SGD(model.parameters(), lr=1)\nscaler(loss, opt",
      ", clip_grad=2.0, parameters=model.parameters()",
      ", clip_grad=0.5, parameters=model.parameters())\n",
    ],
    [
      "what TensorFlow once had for it",
      'import tensorflow as tf\ntrain = tf.contrib.layers.optimize_loss(loss, step, 0.1, "Adam"',
      "",
      ", clip_gradients=0.5)\n",
    ],
  ])("is told the threshold: %s", (_, before, given, after) => {
    const result = set(`${before}${given})\n`);
    expect(result).toMatchObject({ text: before + after });
    if ("text" in result) expect(rulesFound(result.text)).toEqual([]);
  });

  it("is left alone where it clips otherwise", () => {
    const slim =
      "import tensorflow as tf\ntrain = tf.contrib.slim.learning.create_train_op(loss, tf.train.AdamOptimizer())\n";
    expect(set(slim)).toMatchObject({ refused: expect.stringContaining("No place") });
  });
});

describe("a method of Lightning's module that clips", () => {
  const text = (step: string, body: string) => `import torch
import lightning as L
class Model(L.LightningModule):
    def training_step(self, batch, index):
        ${step}
    def on_before_optimizer_step(self, optimizer):
        ${body}
model = Model()
trainer = L.Trainer()
trainer.fit(model)
`;
  it.each([
    ["automatically", "return self.loss(batch)"],
    ["by hand", "opt = self.optimizers(); self.manual_backward(self.loss(batch)); opt.step()"],
  ])("is told the threshold where it optimises %s", (_, step) => {
    const clip = (limit: string) => text(step, `torch.nn.utils.clip_grad_norm_(self.parameters(), ${limit})`);
    const siteLine = step.includes("opt") ? 4 : 9;
    expect(rulesFound(clip("1.0"))).toEqual([]);
    expect(set(clip("1.0"), 0.5, { siteLine })).toMatchObject({ text: clip("0.5") });
  });

  it("is one that has the last word", () => {
    const own = text("return self.loss(batch)", "self.tame()").replace(
      "on_before_optimizer_step(self, optimizer)",
      "configure_gradient_clipping(self, optimizer, gradient_clip_val, gradient_clip_algorithm)",
    );
    expect(set(own)).toMatchObject({ refused: expect.stringContaining("`Model.configure_gradient_clipping` takes") });
  });
});

describe("says what wins over a default", () => {
  const text = train(
    'parser = argparse.ArgumentParser()\nparser.add_argument("--max-norm", default=1.0)\nargs = parser.parse_args()',
    "args.max_norm",
  );
  const summary = (args: readonly string[]) => {
    const module = analyser.open(text);
    const result = module.thresholdEdit({ threshold: 0.5, siteLine: null, clipLine: null, args });
    module.dispose();
    return "summary" in result ? result.summary : result.refused;
  };
  it.each([
    [["--lr", "1", "--max-norm", "2.0"], "The run was given `--max-norm 2.0`, which wins over it"],
    [["--max-norm=2.0"], "The run was given `--max-norm=2.0`, which wins over it"],
  ])("%j", (args, said) => expect(summary(args)).toContain(said));
  it("unless nothing does", () => {
    expect(summary([])).not.toContain("The run was given");
    expect(summary(["--max-norm-decay", "2.0"])).not.toContain("The run was given");
  });
});

describe("of a trainer that clips by default, where the run saw the clip in the call that trains", () => {
  const text = (setting: string) => `from transformers import Trainer, TrainingArguments
arguments = TrainingArguments(
    output_dir="out",
    learning_rate=2e-5,${setting}
)
trainer = Trainer(model=model, args=arguments, train_dataset=data)
trainer.train()
`;
  it("the setting is written out", () =>
    expect(set(text(""), 0.5, { siteLine: 6, clipLine: 6 })).toMatchObject({
      text: text("\n    max_grad_norm=0.5,"),
    }));
  it("a setting that is there is changed", () =>
    expect(set(text("\n    max_grad_norm=2.0,"), 0.5, { siteLine: 6, clipLine: 6 })).toMatchObject({
      text: text("\n    max_grad_norm=0.5,"),
    }));
  it("a clip somewhere else is another one", () =>
    expect(set(text(""), 0.5, { siteLine: 6, clipLine: 2 })).toMatchObject({
      refused: expect.stringContaining("can't be seen here"),
    }));
});

it("tells where a parsed setting is to be given", () => {
  const parsed = `from transformers import HfArgumentParser, Trainer, TrainingArguments
args, = HfArgumentParser(TrainingArguments).parse_args_into_dataclasses()
Trainer(model, args).train()
`;
  expect(set(parsed, 0.25)).toMatchObject({ refused: expect.stringContaining("`--max_grad_norm 0.25`") });
});

it("sets the threshold of a clip that returns the clipped gradients", () => {
  const text = (limit: string) => `import tensorflow as tf
with tf.GradientTape() as tape:
    loss = model(x)
grads, norm = tf.clip_by_global_norm(tape.gradient(loss, weights), ${limit})
tf.keras.optimizers.SGD().apply_gradients(zip(grads, weights))
`;
  expect(set(text("1.0"))).toMatchObject({ text: text("0.5") });
});

describe("a number that is given to something else, too", () => {
  const says = (before: string, threshold: string) => {
    const result = set(train(before, threshold));
    return "refused" in result ? result.refused : result.shared ? result.summary : null;
  };

  it.each<[string, string, string, string]>([
    ["a constant", "LIMIT = 5.0\nweights = torch.clamp(weights, -LIMIT, LIMIT)", "LIMIT", "`torch.clamp` on line 5"],
    [
      "the other name of one",
      "LIMIT = 5.0\nbound = LIMIT\nloss = torch.nn.HuberLoss(delta=bound)",
      "LIMIT",
      "`torch.nn.HuberLoss` on line 6",
    ],
    [
      "an entry",
      'cfg = {"limit": 5.0}\nx = torch.clamp(x, max=cfg["limit"] / 2)',
      'cfg["limit"]',
      "`torch.clamp` on line 5",
    ],
    [
      "an option",
      'parser = argparse.ArgumentParser()\nparser.add_argument("--limit", type=float, default=5.0)\nargs = parser.parse_args()\nx = torch.clamp(x, max=args.limit)',
      "args.limit",
      "`torch.clamp` on line 7",
    ],
    [
      "another clip",
      "LIMIT = 5.0\ntorch.nn.utils.clip_grad_norm_(critic.parameters(), LIMIT)",
      "LIMIT",
      "`torch.nn.utils.clip_grad_norm_` on line 5",
    ],
  ])("is told: %s", (_, before, threshold, where) =>
    expect(says(before, threshold)).toContain(`The same number is given to ${where}, which this changes, too`),
  );

  it.each<[string, string, string]>([
    ["logged or compared", 'LIMIT = 5.0\nprint("clips at", LIMIT)\nassert LIMIT > 0', "LIMIT"],
    ["an equal one", "torch.clamp(x, max=5.0)\nLIMIT = 5.0\nOTHER = 5.0\ntorch.clamp(x, max=OTHER)", "LIMIT"],
    ["what is written in the call", "torch.clamp(x, max=5.0)", "5.0"],
    ["passed on to the clip", "LIMIT = 5.0\ndef show(limit):\n    print(limit)\nshow(LIMIT)", "LIMIT"],
  ])("is not: %s", (_, before, threshold) => expect(says(before, threshold)).toBeNull());
});
