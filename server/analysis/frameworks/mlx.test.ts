import { describe, expect, it } from "vitest";
import { fixAll, lint, parses, places } from "../../../test/analysis/analyser.ts";

const script = (between: readonly string[] = [], build = "optim.Adam(learning_rate=1e-3)", layer = "nn.Linear(4, 1)") =>
  `from functools import partial

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_map

model = ${layer}
optimizer = ${build}
loss_and_grad_fn = nn.value_and_grad(model, loss_fn)
state = [model.state, optimizer.state]


@partial(mx.compile, inputs=state, outputs=state)
def step(x, y):
    loss, grads = loss_and_grad_fn(model, x, y)
${between.map((line) => `    ${line}\n`).join("")}    optimizer.update(model, grads)
    return loss


for x, y in batches:
    loss = step(x, y)
    mx.eval(state)
`;

describe("an MLX update", () => {
  it.each([
    ["nothing", []],
    ["an average over machines", ["grads = nn.average_gradients(grads)"]],
    ["a division", ["grads = tree_map(lambda g: g / 4, grads)"]],
  ])("is reported with %s before it", (_, between) => {
    expect(places(script(between))).toEqual([`${17 + between.length}:missing-clipping`]);
  });

  it("is reported where a clip's result is thrown away", () => {
    expect(places(script(["optim.clip_grad_norm(grads, max_norm=1.0)"]))).toEqual(["17:discarded-clip-result"]);
  });

  it.each([
    ["a clip by norm", ["grads, norm = optim.clip_grad_norm(grads, max_norm=1.0)"]],
    ["a clip by hand", ["grads = tree_map(lambda g: mx.clip(g, -1, 1), grads)"]],
    ["a helper that can't be seen", ["grads = helpers.process(grads)"]],
  ])("is left alone with %s before it", (_, between) => {
    expect(places(script(between))).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    ["by norm is reported", "grads, _ = optim.clip_grad_norm(grads, max_norm=1.0)", ["8:clip-each-micro-batch"]],
    ["by value, by hand, is left alone", "grads = tree_map(lambda g: mx.clip(g, -1, 1), grads)", []],
    [
      "that only divides is reported for what is missing",
      "grads = tree_map(lambda g: g / 4, grads)",
      ["11:missing-clipping"],
    ],
  ])("of summed gradients with a change of each %s", (_, change, expected) => {
    const text = `import mlx.core as mx, mlx.nn as nn, mlx.optimizers as optim
from mlx.utils import tree_map
step = nn.value_and_grad(model, loss_fn)
optimizer = optim.Adam(learning_rate=1e-3)
total = None
for i, batch in enumerate(batches):
    value, grads = step(model, batch)
    ${change}
    total = grads if total is None else tree_map(mx.add, total, grads)
    if (i + 1) % 4 == 0:
        optimizer.update(model, total)
        total = None
`;
    expect(places(text)).toEqual(expected);
  });

  it("is left alone where the optimizer clips by itself", () => {
    expect(places(script([], "optim.Adafactor()"))).toEqual([]);
  });

  it("is reported for an optimizer that is handed in, which can't clip", () => {
    const text = `import mlx.nn as nn

def train(model, optimizer, batches):
    step = nn.value_and_grad(model, loss)
    for batch in batches:
        value, grads = step(model, batch)
        optimizer.update(model, grads)
`;
    expect(places(text)).toEqual(["7:missing-clipping"]);
    const fixed = fixAll(text);
    expect(fixed).toContain("import mlx.nn as nn\nimport mlx.optimizers\n");
    expect(fixed).toContain("grads, _ = mlx.optimizers.clip_grad_norm(grads, 1.0)\n");
  });

  it("is no update where no gradients are given", () => {
    const text = `import mlx.nn as nn
metrics.update("loss", 1.0)
model.update(weights)
seen.update(model, names)
`;
    expect(places(text)).toEqual([]);
  });

  it("is fixed by a statement that gives the gradients their name anew", () => {
    const fixed = fixAll(script());
    expect(fixed).toBe(script(["grads, _ = optim.clip_grad_norm(grads, 1.0)"]));
    expect(parses(fixed)).toBe(true);
    expect(places(fixed)).toEqual([]);
  });

  it("weighs more for attention and recurrence", () => {
    const severity = (layer: string) => lint(script([], undefined, layer)).map((finding) => finding.severity);
    expect(severity("nn.MultiHeadAttention(8, 2)")).toEqual(["warning"]);
    expect(severity("nn.LSTM(8, 8)")).toEqual(["warning"]);
    expect(severity("nn.Conv2d(3, 8, 3)")).toEqual(["information"]);
  });
});

it("is not reported where an optimizer of the file's own clips in its update", () => {
  const own = `class Held(optim.SGD):
    def update(self, model, gradients):
        gradients, _ = optim.clip_grad_norm(gradients, max_norm=1.0)
        super().update(model, gradients)

model = nn.Linear(4, 1)`;
  expect(places(script([], "Held(learning_rate=1e-3)").replace("model = nn.Linear(4, 1)", own))).toEqual([]);
});
