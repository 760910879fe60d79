import { describe, expect, it } from "vitest";
import { lint } from "../../../test/analysis/analyser.ts";

const train = (clip: string, before = "") => `import argparse
import torch
from torch import nn
${before}
optimizer = torch.optim.SGD(model.parameters(), lr=1)
loss.backward()
${clip}
optimizer.step()
`;
const norm = (threshold: string) => `nn.utils.clip_grad_norm_(model.parameters(), ${threshold})`;
const value = (threshold: string) => `nn.utils.clip_grad_value_(model.parameters(), ${threshold})`;
const parser = (fallback: string) =>
  `parser = argparse.ArgumentParser()\nparser.add_argument("--clip", type=float, default=${fallback})\nargs = parser.parse_args()`;
const found = (text: string) => lint(text).map(({ rule, severity, message }) => `${severity} ${rule} ${message}`);

describe("reports", () => {
  it.each([
    [
      "a tiny norm",
      norm("1e-5"),
      "",
      "0.00001 is the threshold: it clips nearly every gradient, and acts as a learning rate.",
    ],
    ["a huge norm", norm("100000"), "", "100000 is the threshold: nearly no gradient is as large as that."],
    ["a constant", norm("CLIP"), "CLIP = 1e6", "`CLIP` is 1000000: nearly no gradient is as large as that."],
    [
      "a default",
      norm("args.clip"),
      parser("1e-6"),
      "`args.clip` is 0.000001 by default: it clips nearly every gradient, and acts as a learning rate.",
    ],
  ])("%s", (_, clip, before, message) =>
    expect(found(train(clip, before))).toEqual([`information unlikely-threshold ${message}`]),
  );

  it("a huge bound", () => {
    expect(found(train(value("1e5")))).toContain(
      "information unlikely-threshold 100000 is the threshold: nearly no gradient is as large as that.",
    );
  });
});

describe("says nothing", () => {
  it.each([
    ["to what recipes use", norm("0.01")],
    ["to large but known ones", norm("1000")],
    ["to a huge one that measures", `total = ${norm("1e9")}`],
    ["to infinity", norm('float("inf")')],
    ["to a small bound", value("1e-6")],
    ["to what can't be followed", norm("cfg.clip")],
  ])("%s", (_, clip) => {
    expect(found(train(clip)).filter((line) => line.includes("unlikely"))).toEqual([]);
  });
});

describe("of a clip that returns the clipped gradients", () => {
  const tape = (applied: string) => `import tensorflow as tf
with tf.GradientTape() as tape:
    loss = model(x)
grads = tape.gradient(loss, weights)
clipped, norm = tf.clip_by_global_norm(grads, 1e9)
tf.keras.optimizers.SGD().apply_gradients(zip(${applied}, weights))
`;
  const unlikely = (text: string) => found(text).filter((line) => line.includes("unlikely"));
  it("reports one that an update is given", () => expect(unlikely(tape("clipped"))).toHaveLength(1));
  it("says nothing of one that measures", () => expect(unlikely(tape("grads"))).toEqual([]));
});
