import { describe, expect, it } from "vitest";
import { analyser } from "../../test/analysis/analyser.ts";

const SCRIPT = `import torch
LIMIT = 0.5
optimizer = torch.optim.Adam(model.parameters())
for x in data:
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), LIMIT)
    optimizer.step()
`;

function hover(text: string, at: string) {
  const module = analyser.open(text);
  const found = module.hover(text.indexOf(at) + 1);
  module.dispose();
  return found && { on: text.slice(found.range.start, found.range.end), markdown: found.markdown };
}

it("tells what reaches an update", () => {
  const found = hover(SCRIPT, "optimizer.step");
  expect(found?.on).toBe("optimizer.step");
  expect(found?.markdown).toContain("`torch.optim.Adam`, line 3");
  expect(found?.markdown).toContain("`loss.backward()`, line 6");
  expect(found?.markdown).toContain("by norm at 0.5 (the number behind `LIMIT`, line 2), line 7");
});

it("tells at a threshold which norm is logged", () => {
  const found = hover(SCRIPT.replace("LIMIT)", "max_norm=LIMIT)"), "max_norm");
  expect(found?.on).toBe("max_norm=LIMIT");
  expect(found?.markdown).toContain("by norm**: 0.5 (the number behind `LIMIT`, line 2)");
  expect(found?.markdown).toContain("above it is no sign that clipping fails");
  const configured = hover(
    "import keras\noptimizer = keras.optimizers.Adam(clipvalue=0.5)\nmodel.compile(optimizer=optimizer)\nmodel.fit(x)\n",
    "clipvalue",
  );
  expect(configured?.on).toBe("clipvalue=0.5");
  expect(configured?.markdown).toContain("bounds each component");
  expect(configured?.markdown).not.toContain("is logged");
});

it("tells that nothing clips", () => {
  expect(hover(SCRIPT.replace(/ {4}torch.*\n/, ""), "optimizer.step")?.markdown).toContain("Clipping: none");
});

it("tells what a clip does, and which norm is recorded", () => {
  const found = hover(SCRIPT, "torch.nn.utils");
  expect(found?.markdown).toContain("Clips: `model.parameters()`");
  expect(found?.markdown).toContain("the norm before clipping");
  expect(hover(SCRIPT.replace("clip_grad_norm_", "clip_grad_value_"), "torch.nn.utils")?.markdown).toContain(
    "by value",
  );
});

it("doesn't guess how an unknown function clips", () => {
  const script = SCRIPT.replace("torch.nn.utils.clip_grad_norm_", "tricks.clip_gradients").replace(
    "\n",
    "\nimport tricks\n",
  );
  expect(hover(script, "tricks.clip")?.markdown).toContain("can't be told from this file");
  expect(hover(script, "optimizer.step")?.markdown).toContain("Clipping: `tricks.clip_gradients`, line 8");
});

it("tells where an optimizer makes its updates", () => {
  expect(hover(SCRIPT, "torch.optim.Adam")?.markdown).toContain("Update on line 8");
});

describe("optimizers that are told to clip", () => {
  const compiled = (optimizer: string) => `import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=${optimizer}, loss="mse")
model.fit(x, y)
`;

  it.each([
    ["keras.optimizers.Adam(global_clipnorm=0.5)", "Clipping: by norm at 0.5, line 3"],
    ["keras.optimizers.Adam(clipnorm=0.5)", "Clipping: by each variable's own norm at 0.5, line 3"],
    ["keras.optimizers.Adam()", "Clipping: none"],
    ['"adam"', 'Optimizer: "adam", line 3'],
    ["make_optimizer()", "Clipping: can't be told from this file"],
  ])("%s", (optimizer, expected) => expect(hover(compiled(optimizer), "model.compile")?.markdown).toContain(expected));

  it("tells what a clip of values does", () => {
    const script = `import tensorflow as tf
with tf.GradientTape() as tape:
    loss = model(x)
grads = tape.gradient(loss, weights)
grads = [tf.clip_by_norm(g, 5.0) for g in grads]
tf.keras.optimizers.SGD().apply_gradients(zip(grads, weights))
`;
    const found = hover(script, "tf.clip_by_norm");
    expect(found?.markdown).toContain("by each variable's own norm** at 5.0");
    expect(found?.markdown).toContain("changes nothing in place");
    expect(hover(script, "tf.keras.optimizers.SGD().apply_gradients")?.markdown).toContain("line 5");
  });
});

it("tells where a logged threshold comes from", () => {
  const log = "import gradsight\nLIMIT = 0.5\nfor x in data:\n    gradsight.log(norm=norm, threshold=LIMIT)\n";
  const found = hover(log, "gradsight.log");
  expect(found?.on).toBe("gradsight.log");
  expect(found?.markdown).toContain("Threshold: 0.5 (the number behind `LIMIT`, line 2)");
  expect(hover(log.replace("LIMIT)", "0.25)"), "gradsight.log")?.markdown).toContain("Threshold: 0.25");
  expect(hover(log.replace(", threshold=LIMIT", ""), "gradsight.log")?.markdown).toContain("none named");
});

it("has nothing to say elsewhere", () => {
  expect(hover(SCRIPT, "data")).toBeNull();
  expect(hover("print(1)\n", "print")).toBeNull();
});
