import { describe, expect, it } from "vitest";
import { fixAll, places, rulesFound } from "../../../test/analysis/analyser.ts";

const torch = (line: string) => `import torch
optimizer = torch.optim.SGD(model.parameters(), lr=1)
for x in data:
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for p in model.parameters():
        ${line}
    optimizer.step()
`;

describe("reports a copy that is thrown away, and clips in place", () => {
  it.each([
    ["p.grad.clamp(-1, 1)", "p.grad.clamp_(-1, 1)"],
    ["p.grad.data.clamp(min=-1, max=1)", "p.grad.data.clamp_(min=-1, max=1)"],
    ["torch.clamp(p.grad, -1, 1)", "torch.clamp_(p.grad, -1, 1)"],
    ["torch.clip(p.grad.data, -1, 1)", "torch.clip_(p.grad.data, -1, 1)"],
  ])("%s", (line, fixed) => {
    expect(places(torch(line))).toEqual(["7:discarded-clip-result"]);
    expect(fixAll(torch(line))).toBe(torch(fixed));
    expect(places(torch(fixed))).toEqual([]);
  });
});

const tf = (line: string) => `import tensorflow as tf
optimizer = tf.keras.optimizers.SGD()
for x, y in data:
    with tf.GradientTape() as tape:
        loss = loss_fn(model(x), y)
    grads = tape.gradient(loss, model.trainable_variables)
    ${line}
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
`;

it("reports clipped gradients that nothing takes, and keeps them", () => {
  const text = tf("tf.clip_by_global_norm(grads, 1.0)");
  expect(rulesFound(text)).toContain("discarded-clip-result");
  const fixed = fixAll(text);
  expect(fixed).toContain("    grads, _ = tf.clip_by_global_norm(grads, 1.0)\n");
  expect(rulesFound(fixed)).toEqual([]);
});

describe("says nothing", () => {
  it.each([
    ["in place", torch("p.grad.clamp_(-1, 1)")],
    ["to what is taken", torch("p.grad = p.grad.clamp(-1, 1)")],
    ["to what is passed on", torch("log(p.grad.clamp(-1, 1))")],
    ["to other tensors", torch("x.clamp(-1, 1)")],
    ["to functions of other modules", torch("tools.clip(p, 1)")],
    ["to gradients that are kept", tf("grads, _ = tf.clip_by_global_norm(grads, 1.0)")],
    ["to clipped data", tf("tf.clip_by_value(x, 0.0, 1.0)")],
  ])("%s", (_, text) => expect(rulesFound(text)).not.toContain("discarded-clip-result"));
});
