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
