import { describe, expect, it } from "vitest";
import { fixAll, lint, rulesFound } from "../../../test/analysis/analyser.ts";

const compiled = (optimizer: string) => `import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=${optimizer}, loss="mse")
model.fit(x, y)
`;

describe("Keras", () => {
  it.each([
    ["Adam(clipnorm=1.0)", "Adam(global_clipnorm=1.0)"],
    ["SGD(0.1, clipnorm = args.clip)", "SGD(0.1, global_clipnorm = args.clip)"],
  ])("is reported at the argument: %s", (optimizer, fixed) => {
    const text = compiled(`keras.optimizers.${optimizer}`);
    const [finding, ...more] = lint(text);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ rule: "per-variable-norm", severity: "information" });
    expect(finding && text.slice(finding.range.start, finding.range.end)).toMatch(/^clipnorm/);
    expect(fixAll(text)).toBe(compiled(`keras.optimizers.${fixed}`));
    expect(rulesFound(fixAll(text))).toEqual([]);
  });

  it.each([
    "keras.optimizers.Adam(global_clipnorm=1.0)",
    "keras.optimizers.Adam(clipnorm=None, global_clipnorm=1.0)",
    "keras.optimizers.Adam(lr=1e-3, clipnorm=1.0)",
    "keras.optimizers.Adam(**options)",
  ])("says nothing of %s", (optimizer) => expect(rulesFound(compiled(optimizer))).toEqual([]));
});

const built = (imports: string, clip: string) => `import paddle
${imports}
clip = ${clip}
opt = paddle.optimizer.Adam(parameters=model.parameters(), grad_clip=clip)
for x in data:
    model(x).mean().backward()
    opt.step()
    opt.clear_grad()
`;

describe("PaddlePaddle", () => {
  it.each([
    ["import paddle.nn as nn", "nn.ClipGradByNorm(0.5)", "nn.ClipGradByGlobalNorm(0.5)"],
    ["", "paddle.nn.ClipGradByNorm(clip_norm=args.clip)", "paddle.nn.ClipGradByGlobalNorm(clip_norm=args.clip)"],
    ["from paddle.nn import ClipGradByNorm", "ClipGradByNorm(0.5)", "paddle.nn.ClipGradByGlobalNorm(0.5)"],
  ])("is reported at the object that clips: %s", (imports, clip, fixed) => {
    const text = built(imports, clip);
    const [finding, ...more] = lint(text);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ rule: "per-variable-norm", severity: "information" });
    expect(finding && text.slice(finding.range.start, finding.range.end)).toBe(clip.slice(0, clip.indexOf("(")));
    expect(fixAll(text)).toBe(built(imports, fixed));
    expect(rulesFound(fixAll(text))).toEqual([]);
  });

  it("is reported without a fix where the optimizers of the time had no such class", () => {
    const text = `import paddle.fluid as fluid
opt = fluid.optimizer.Adam(1e-3, grad_clip=fluid.clip.GradientClipByNorm(1.0))
opt.minimize(loss)
`;
    expect(rulesFound(text)).toEqual(["per-variable-norm"]);
    expect(fixAll(text)).toBe(text);
  });

  it.each(["paddle.nn.ClipGradByGlobalNorm(0.5)", "paddle.nn.ClipGradByValue(0.5)", "make_clip(0.5)"])(
    "says nothing of %s",
    (clip) => expect(rulesFound(built("", clip)).filter((rule) => rule === "per-variable-norm")).toEqual([]),
  );
});

const loop = (clip: string, used = "grads") => `import tensorflow as tf
optimizer = tf.keras.optimizers.SGD(0.1)
for x in data:
    with tf.GradientTape() as tape:
        loss = model(x)
    grads = tape.gradient(loss, weights)
    ${clip}
    optimizer.apply_gradients(zip(${used}, weights))
`;

describe("TensorFlow", () => {
  it("is reported at the clip, and clips them together", () => {
    const text = loop("grads = [tf.clip_by_norm(g, 5.0) for g in grads]");
    expect(rulesFound(text)).toEqual(["per-variable-norm"]);
    expect(fixAll(text)).toBe(loop("grads = tf.clip_by_global_norm(grads, 5.0)[0]"));
    expect(rulesFound(fixAll(text))).toEqual([]);
  });

  it.each([
    ["under a condition", "grads = [tf.clip_by_norm(g, 5.0) for g in grads if g is not None]"],
    ["where some may be None", "grads = [None if g is None else tf.clip_by_norm(g, 5.0) for g in grads]"],
  ])("is reported without a fix %s", (_, clip) => {
    expect(rulesFound(loop(clip))).toEqual(["per-variable-norm"]);
    expect(fixAll(loop(clip))).toBe(loop(clip));
  });

  it("says nothing of the global norm, or of what is no gradient", () => {
    expect(rulesFound(loop("grads, _ = tf.clip_by_global_norm(grads, 5.0)"))).toEqual([]);
    expect(rulesFound(loop("x = tf.clip_by_norm(x, 1.0); grads = massage(grads)"))).toEqual([]);
  });
});
