import { describe, expect, it } from "vitest";
import { fixAll, places, rulesFound } from "../../../test/analysis/analyser.ts";

const loop = (body: string) => `import tensorflow as tf
optimizer = tf.keras.optimizers.SGD(0.1)
for x in data:
    with tf.GradientTape() as tape:
        loss = model(x)
    grads = tape.gradient(loss, weights)
${body
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
`;
const apply = "optimizer.apply_gradients(zip(grads, weights))";

describe("reports a clip whose result no update gets", () => {
  it.each([
    [
      "thrown away",
      `tf.clip_by_global_norm(grads, 1.0)\n${apply}`,
      `grads, _ = tf.clip_by_global_norm(grads, 1.0)\n${apply}`,
    ],
    [
      "in a variable",
      `clipped, norm = tf.clip_by_global_norm(grads, 1.0)\nlog(norm)\n${apply}`,
      `clipped, norm = tf.clip_by_global_norm(grads, 1.0)\nlog(norm)\n${apply.replace("grads,", "clipped,")}`,
    ],
    [
      "in a variable, by index",
      `clipped = tf.clip_by_global_norm(grads, 1.0)[0]\n${apply}`,
      `clipped = tf.clip_by_global_norm(grads, 1.0)[0]\n${apply.replace("grads,", "clipped,")}`,
    ],
    [
      "one by one",
      `clipped = [tf.clip_by_norm(g, 1.0) for g in grads]\n${apply}`,
      `clipped = [tf.clip_by_norm(g, 1.0) for g in grads]\n${apply.replace("grads,", "clipped,")}`,
    ],
    ["both in a variable", `both = tf.clip_by_global_norm(grads, 1.0)\n${apply}`, null],
    ["one by one, in a loop", `for g in grads:\n    tf.clip_by_norm(g, 1.0)\n${apply}`, null],
    ["one by one, into the loop's variable", `for g in grads:\n    g = tf.clip_by_norm(g, 1.0)\n${apply}`, null],
    ["after the update", `${apply}\ngrads, _ = tf.clip_by_global_norm(grads, 1.0)`, null],
  ])("%s", (_, body, fixed) => {
    const text = loop(body);
    expect(rulesFound(text)).toEqual(["discarded-clip-result"]);
    expect(fixAll(text)).toBe(loop(fixed ?? body));
    if (fixed) expect(rulesFound(fixAll(text))).not.toContain("discarded-clip-result");
  });

  it("in a helper whose result is thrown away", () => {
    const text = `${loop(`tame(grads)\n${apply}`)}`.replace(
      "\n",
      "\ndef tame(g):\n    return tf.clip_by_global_norm(g, 1.0)\n",
    );
    expect(places(text)).toEqual(["3:discarded-clip-result"]);
  });
});

describe("says nothing", () => {
  it.each([
    ["where the update gets it", `grads, _ = tf.clip_by_global_norm(grads, 1.0)\n${apply}`],
    ["where it gets it under a condition", `if clip:\n    grads, _ = tf.clip_by_global_norm(grads, 1.0)\n${apply}`],
    ["of the norm alone", `_, norm = tf.clip_by_global_norm(grads, 1.0)\nlog(norm)\n${apply}`],
    [
      "where gradients can't be followed",
      `clipped, _ = tf.clip_by_global_norm(grads, 1.0)\noptimizer.apply_gradients(pair(clipped, weights))`,
    ],
    ["of what is no gradient", `tf.clip_by_value(x, 0.0, 1.0)\n${apply}`],
    ["of another backward pass", `other = tape.gradient(loss, x)\ntf.clip_by_norm(other, 1.0)\n${apply}`],
  ])("%s", (_, body) => expect(rulesFound(loop(body))).not.toContain("discarded-clip-result"));
});

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

it.each([
  ["in place", "p.grad.clamp_(-1, 1)"],
  ["to what is taken", "p.grad = p.grad.clamp(-1, 1)"],
  ["to what is passed on", "log(p.grad.clamp(-1, 1))"],
  ["to other tensors", "x.clamp(-1, 1)"],
  ["to functions of other modules", "tools.clip(p, 1)"],
])("says nothing of a copy %s", (_, line) => expect(rulesFound(torch(line))).not.toContain("discarded-clip-result"));
