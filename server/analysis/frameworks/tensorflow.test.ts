import { describe, expect, it } from "vitest";
import { fixAll, lint, parses, places, rulesFound } from "../../../test/analysis/analyser.ts";

const loop = (body: string, optimizer = "tf.keras.optimizers.SGD(0.1)", before = "") => `import tensorflow as tf
${before}
optimizer = ${optimizer}

@tf.function
def step(x):
    with tf.GradientTape() as tape:
        loss = model(x)
    grads = tape.gradient(loss, model.trainable_variables)
${body
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}

for x in data:
    step(x)
`;
const apply = "optimizer.apply_gradients(zip(grads, model.trainable_variables))";
const missing = (text: string) => rulesFound(text).filter((rule) => rule === "missing-clipping").length;

describe("a loop with a tape", () => {
  it("is reported at the update", () => {
    expect(places(loop(apply))).toEqual(["10:missing-clipping"]);
    expect(fixAll(loop(apply))).toBe(loop(apply, "tf.keras.optimizers.SGD(0.1, global_clipnorm=1.0)"));
  });

  it.each([
    ["pairs in a variable", "pairs = list(zip(grads, model.trainable_variables))\noptimizer.apply_gradients(pairs)"],
    ["pairs in a comprehension", "optimizer.apply_gradients([(g, v) for g, v in zip(grads, weights)])"],
    ["a copy", "copied = [tf.identity(g) for g in grads]\noptimizer.apply_gradients(zip(copied, weights))"],
    ["gradients clipped for something else", `shown, _ = tf.clip_by_global_norm([loss], 1.0)\n${apply}`],
    ["data clipped", `tf.clip_by_value(x, 0.0, 1.0)\n${apply}`],
  ])("is reported with %s", (_, body) => expect(missing(loop(body))).toBe(1));

  it.each([
    ["a global norm", `grads, norm = tf.clip_by_global_norm(grads, 1.0)\n${apply}`],
    ["one of two results", `grads = tf.clip_by_global_norm(grads, 1.0)[0]\n${apply}`],
    ["each by its norm", `grads = [tf.clip_by_norm(g, 1.0) for g in grads]\n${apply}`],
    ["each by value", `grads = [tf.clip_by_value(g, -1.0, 1.0) if g is not None else None for g in grads]\n${apply}`],
    ["in the call", "optimizer.apply_gradients((tf.clip_by_norm(g, 1.0), v) for g, v in zip(grads, weights))"],
    ["under a condition", `if clip:\n    grads, _ = tf.clip_by_global_norm(grads, clip)\n${apply}`],
    ["one by one", `for i, g in enumerate(grads):\n    grads[i] = tf.clip_by_norm(g, 1.0)\n${apply}`],
    ["a function of a library", `grads = tools.clip_gradients(grads, 1.0)\n${apply}`],
    ["a function that can't be seen", `grads = massage(grads)\n${apply}`],
    ["by hand", `grads = [g * scale for g in grads]\n${apply}`],
    [
      "after accumulation in variables",
      "for a, g in zip(sums, grads):\n    a.assign_add(g)\noptimizer.apply_gradients(zip(sums, weights))",
    ],
  ])("is silent where gradients are clipped, or may be: %s", (_, body) => expect(missing(loop(body))).toBe(0));

  it("sees into functions of the file", () => {
    const helper = (result: string) => `def tame(grads):\n    ${result}`;
    const body = `grads = tame(grads)\n${apply}`;
    expect(missing(loop(body, undefined, helper("return tf.clip_by_global_norm(grads, 1.0)[0]")))).toBe(0);
    expect(missing(loop(body, undefined, helper("return [g / tf.maximum(1.0, tf.norm(g)) for g in grads]")))).toBe(0);
    expect(missing(loop(body, undefined, helper("return list(grads)")))).toBe(1);
  });

  it("doesn't take the clip of another gradient for this update's", () => {
    const text = `import tensorflow as tf
class Agent:
    def train(self, x):
        with tf.GradientTape() as tape:
            q = self.critic(x)
        slope = tf.clip_by_value(tape.gradient(q, x), -1.0, 1.0)
        with tf.GradientTape() as tape:
            loss = f(slope)
        grads = tape.gradient(loss, weights)
        self.optimizer.apply_gradients(self.prepare(grads))
`;
    expect(rulesFound(text)).toEqual([]);
  });

  it("tells the sides of a pair of networks apart", () => {
    const text = `import tensorflow as tf
d_opt, g_opt = tf.keras.optimizers.Adam(), tf.keras.optimizers.Adam()
with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
    d_loss, g_loss = losses(x)
d_grads = d_tape.gradient(d_loss, D.trainable_variables)
g_grads = g_tape.gradient(g_loss, G.trainable_variables)
d_grads, _ = tf.clip_by_global_norm(d_grads, 1.0)
d_opt.apply_gradients(zip(d_grads, D.trainable_variables))
g_opt.apply_gradients(zip(g_grads, G.trainable_variables))
`;
    expect(places(text)).toEqual(["9:missing-clipping"]);
  });

  it.each([
    [
      "from a class",
      "class T:\n    def __init__(self, optimizer):\n        self.optimizer = optimizer\n    def step(self, x):\n        with tf.GradientTape() as tape:\n            loss = f(x)\n        g = tape.gradient(loss, w)\n        self.optimizer.apply_gradients(zip(g, w))\n",
      0,
    ],
    [
      "from a library",
      "optimizer = create_optimizer()\nwith tf.GradientTape() as tape:\n    loss = f(x)\ng = tape.gradient(loss, w)\noptimizer.apply_gradients(zip(g, w))\n",
      0,
    ],
    [
      "from a caller",
      "def step(x, optimizer):\n    with tf.GradientTape() as tape:\n        loss = f(x)\n    g = tape.gradient(loss, w)\n    optimizer.apply_gradients(zip(g, w))\n",
      1,
    ],
  ])("knows what may clip of an optimizer %s", (_, text, count) =>
    expect(missing(`import tensorflow as tf\n${text}`)).toBe(count),
  );

  it("clips on the way where the optimizer is built elsewhere", () => {
    const step = (body: string) => `import tensorflow as tf
def step(x, optimizer):
    with tf.GradientTape() as tape:
        loss = f(x)
    ${body}
`;
    expect(fixAll(step("g = tape.gradient(loss, w)\n    optimizer.apply_gradients(zip(g, w))"))).toBe(
      step(
        "g = tape.gradient(loss, w)\n    g, _ = tf.clip_by_global_norm(g, 1.0)\n    optimizer.apply_gradients(zip(g, w))",
      ),
    );
    expect(fixAll(step("optimizer.apply_gradients(zip(tape.gradient(loss, w), w))"))).toBe(
      step("optimizer.apply_gradients(zip(tf.clip_by_global_norm(tape.gradient(loss, w), 1.0)[0], w))"),
    );
  });
});

describe("graphs of TensorFlow 1", () => {
  const graph = (body: string) => `import tensorflow as tf
class Net:
    def __init__(self):
        self.optimizer = tf.train.AdamOptimizer(1e-3)
${body
  .split("\n")
  .map((line) => `        ${line}`)
  .join("\n")}
`;
  it.each([
    ["minimize", "self.train_op = self.optimizer.minimize(self.loss)", 1],
    [
      "compute and apply",
      "pairs = self.optimizer.compute_gradients(self.loss)\nself.op = self.optimizer.apply_gradients(pairs)",
      1,
    ],
    [
      "clipped pairs",
      "pairs = self.optimizer.compute_gradients(self.loss)\npairs = [(tf.clip_by_norm(g, 5), v) for g, v in pairs if g is not None]\nself.op = self.optimizer.apply_gradients(pairs)",
      0,
    ],
    [
      "pairs clipped in place",
      "pairs = self.optimizer.compute_gradients(self.loss)\nfor i, (g, v) in enumerate(pairs):\n    pairs[i] = (tf.clip_by_norm(g, 5), v)\nself.op = self.optimizer.apply_gradients(pairs)",
      0,
    ],
    [
      "pairs taken apart",
      "grads, weights = zip(*self.optimizer.compute_gradients(self.loss))\nself.op = self.optimizer.apply_gradients(zip(grads, weights))",
      1,
    ],
    [
      "tf.gradients",
      "grads = tf.gradients(self.loss, tf.trainable_variables())\nself.op = self.optimizer.apply_gradients(zip(grads, tf.trainable_variables()))",
      1,
    ],
    [
      "tf.gradients, clipped",
      "grads, _ = tf.clip_by_global_norm(tf.gradients(self.loss, weights), 5)\nself.op = self.optimizer.apply_gradients(zip(grads, weights))",
      0,
    ],
    [
      "another network's pairs",
      "grads, _ = zip(*worker.grads_and_vars)\ngrads, _ = tf.clip_by_global_norm(grads, 5.0)\nself.op = self.optimizer.apply_gradients(zip(grads, weights))",
      0,
    ],
  ])("%s", (_, body, count) => {
    for (const module of ["tf.train", "tf.compat.v1.train"]) {
      const text = graph(body).replaceAll("tf.train.", `${module}.`);
      expect(missing(text)).toBe(count);
      expect(parses(fixAll(text))).toBe(true);
    }
  });
});

describe("the fix of a graph's minimize", () => {
  const graph = (body: string) => `import tensorflow as tf\n\n${body}\n`;
  const adam = "tf.train.AdamOptimizer(1e-3)";
  it.each<[string, string, string]>([
    [
      "of an optimizer with a name",
      `opt = ${adam}\ntrain_op = opt.minimize(loss)`,
      `opt = ${adam}
gradients, variables = zip(*opt.compute_gradients(loss))
gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
train_op = opt.apply_gradients(zip(gradients, variables))`,
    ],
    [
      "of one without, each argument where it belongs",
      `with tf.control_dependencies(updates):\n    op = ${adam}.minimize(loss, step, weights, name="train", grad_loss=scale)`,
      `with tf.control_dependencies(updates):
    optimizer = ${adam}
    gradients, variables = zip(*optimizer.compute_gradients(loss, var_list=weights, grad_loss=scale))
    gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
    op = optimizer.apply_gradients(zip(gradients, variables), global_step=step, name="train")`,
    ],
    [
      "beside names that are taken",
      `gradients = tf.gradients(loss, x)\noptimizer = ${adam}.minimize(loss=loss)`,
      `gradients = tf.gradients(loss, x)
opt = ${adam}
grads, variables = zip(*opt.compute_gradients(loss=loss))
grads, _ = tf.clip_by_global_norm(grads, 1.0)
optimizer = opt.apply_gradients(zip(grads, variables))`,
    ],
    [
      "as a statement of its own",
      `opt = ${adam}\nopt.minimize(lambda: f(x))`,
      `opt = ${adam}
gradients, variables = zip(*opt.compute_gradients(lambda: f(x)))
gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
opt.apply_gradients(zip(gradients, variables))`,
    ],
    [
      "that was written as the two, on what is between them",
      `opt = ${adam}\npairs = opt.compute_gradients(loss)\ntrain_op = opt.apply_gradients(pairs, global_step=step)`,
      `opt = ${adam}
pairs = opt.compute_gradients(loss)
gradients, variables = zip(*pairs)
gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
train_op = opt.apply_gradients(zip(gradients, variables), global_step=step)`,
    ],
    [
      "that is given those that have a gradient",
      `opt = ${adam}\npairs = opt.compute_gradients(loss)\nop = opt.apply_gradients([(g, v) for g, v in pairs if g is not None])`,
      `opt = ${adam}
pairs = opt.compute_gradients(loss)
gradients, variables = zip(*[(g, v) for g, v in pairs if g is not None])
gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
op = opt.apply_gradients(zip(gradients, variables))`,
    ],
    [
      "that is given the gradients as they are made",
      `opt = ${adam}\nop = opt.apply_gradients(opt.compute_gradients(loss), step)`,
      `opt = ${adam}
gradients, variables = zip(*opt.compute_gradients(loss))
gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
op = opt.apply_gradients(zip(gradients, variables), step)`,
    ],
    [
      "of a model that keeps what is between them",
      `class Net:\n    def build(self, variables):\n        self.opt = ${adam}\n        self.pairs = self.opt.compute_gradients(self.loss, variables)\n        return self.opt.apply_gradients(self.pairs)`,
      `class Net:
    def build(self, variables):
        self.opt = ${adam}
        self.pairs = self.opt.compute_gradients(self.loss, variables)
        gradients, weights = zip(*self.pairs)
        gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
        return self.opt.apply_gradients(zip(gradients, weights))`,
    ],
    [
      "of a pair of networks",
      `d = ${adam}.minimize(d_loss)\ng = ${adam}.minimize(g_loss)`,
      `optimizer = ${adam}
gradients, variables = zip(*optimizer.compute_gradients(d_loss))
gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
d = optimizer.apply_gradients(zip(gradients, variables))
optimizer = ${adam}
gradients, variables = zip(*optimizer.compute_gradients(g_loss))
gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
g = optimizer.apply_gradients(zip(gradients, variables))`,
    ],
  ])("%s", (_, before, after) => {
    expect(fixAll(graph(before))).toBe(graph(after));
    expect(rulesFound(graph(after))).toEqual([]);
  });

  it.each([
    ["in a branch of an expression", `op = ${adam}.minimize(loss) if training else tf.no_op()`],
    [
      "in a branch, of the two",
      `opt = ${adam}\ngv = opt.compute_gradients(loss)\nop = opt.apply_gradients(gv) if ready else None`,
    ],
    [
      "with a comment between the two",
      `opt = ${adam}\nop = opt.apply_gradients(\n    opt.compute_gradients(\n        loss,  # of the batch\n    )\n)`,
    ],
    ["with a comment inside", `op = ${adam}.minimize(\n    loss,  # of the batch\n)`],
    ["with options that can't be seen", `op = ${adam}.minimize(loss, **options)`],
    ["held together by brackets", `op = (tf.train\n    .AdamOptimizer(1e-3)\n    .minimize(loss))`],
  ])("is none %s", (_, body) => {
    expect(missing(graph(body))).toBe(1);
    expect(fixAll(graph(body))).toBe(graph(body));
  });
});

describe("what wraps the backward pass and the update", () => {
  const graph = (update: string, imports = "import tensorflow.contrib.slim as slim") => `import tensorflow as tf
${imports}
opt = tf.contrib.opt.NadamOptimizer(1e-3)
op = ${update}
`;

  it.each([
    ["slim", "slim.learning.create_train_op(loss, opt)"],
    ["slim of its own", "tf_slim.learning.create_train_op(loss, opt)", "import tf_slim"],
    ["contrib", "tf.contrib.layers.optimize_loss(loss, step, 0.1, opt)"],
    ["an optimizer by its name", 'tf.contrib.layers.optimize_loss(loss, step, 0.1, "RMSProp")'],
    ["an optimizer for TPUs", "tf.tpu.CrossShardOptimizer(opt).minimize(loss)"],
    ["a loss scaler", "tf.contrib.mixed_precision.LossScaleOptimizer(opt, scales).minimize(loss)"],
  ])("is reported: %s", (_, update, imports = "import tensorflow.contrib.slim as slim") =>
    expect(places(graph(update, imports))).toEqual(["4:missing-clipping"]),
  );

  it("is named by its optimizer", () =>
    expect(lint(graph("slim.learning.create_train_op(loss, opt)"))[0]?.message).toBe(
      "`opt` trains here without gradient clipping.",
    ));

  it.each([
    ["clips", "slim.learning.create_train_op(loss, opt, clip_gradient_norm=4)"],
    ["is given what may", "slim.learning.create_train_op(loss, opt, **options)"],
    ["clips in contrib", "tf.contrib.layers.optimize_loss(loss, step, 0.1, opt, clip_gradients=5.0)"],
    ["clips by a named optimizer", 'tf.contrib.layers.optimize_loss(loss, step, 0.1, "Adam", clip_gradients=limit)'],
    ["names an optimizer that nobody knows", 'tf.contrib.layers.optimize_loss(loss, step, 0.1, "Tame")'],
  ])("is left alone where it %s", (_, update) => expect(places(graph(update))).toEqual([]));
});

it("knows the gradient functions of early eager execution", () => {
  const text = (applied: string) => `import tensorflow as tf
import tensorflow.contrib.eager as tfe
grad = tfe.implicit_gradients(cost)
opt = tf.train.AdamOptimizer(1e-3)
opt.apply_gradients(${applied})
`;
  expect(places(text("grad(model, x, y)"))).toEqual(["5:missing-clipping"]);
  expect(missing(text("[(tf.clip_by_norm(g, 1.0), v) for g, v in grad(model, x, y)]"))).toBe(0);
});

it("knows Sonnet's optimizers", () => {
  const sonnet = (body: string) => loop(body, "snt.optimizers.Adam(1e-3)", "import sonnet as snt");
  const applied = "optimizer.apply(grads, model.trainable_variables)";
  expect(places(sonnet(applied))).toEqual(["10:missing-clipping"]);
  expect(places(sonnet(`grads, _ = tf.clip_by_global_norm(grads, 1.0)\n${applied}`))).toEqual([]);
  expect(places(fixAll(sonnet(applied)))).toEqual([]);
});

it("knows Keras's optimizers by TensorFlow's name for them", () =>
  expect(places(loop(apply, "tf.optimizers.SGD(0.1)"))).toEqual(["10:missing-clipping"]));

describe("a step that is written by hand", () => {
  const descent = (body: string) => `import tensorflow as tf
rate = 0.1
slope, level = tf.Variable(1.0), tf.Variable(0.0)
for x, y in data:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((slope * x + level - y) ** 2)
    grads = tape.gradient(loss, [slope, level])
${body.replace(/^/gm, "    ")}
`;
  it.each([
    ["one variable after the other", "slope.assign_sub(rate * grads[0])\nlevel.assign_sub(rate * grads[1])"],
    ["in a loop", "for v, g in zip([slope, level], grads): v.assign_sub(g * rate)"],
  ])("is one update: %s", (_, body) => expect(places(descent(body))).toEqual(["8:missing-clipping"]));

  it.each([
    ["clipped", "grads, _ = tf.clip_by_global_norm(grads, 1.0)\nslope.assign_sub(rate * grads[0])"],
    ["clipped one by one", "slope.assign_sub(rate * tf.clip_by_norm(grads[0], 1.0))"],
    ["multiplied by what may clip", "slope.assign_sub(rate * tame(grads) * grads[0])"],
    ["none", "seen.assign_sub(x)"],
  ])("is left alone where the gradients are %s", (_, body) => expect(missing(descent(body))).toBe(0));
});

/** An optimizer of a graph that the file writes itself. */
const written = (body: string, update: string) => `import tensorflow as tf

class Slow(tf.train.Optimizer):
${body}

optimizer = Slow(0.1)
grads = tf.gradients(loss, weights)
train = ${update}
`;
const applies = `    def apply_gradients(self, pairs, global_step=None, name=None):
        return tf.group(*[v.assign(v - 0.1 * g) for g, v in pairs])`;

describe("an optimizer of the file's own", () => {
  it("is reported where it applies gradients by a method of its own", () => {
    const text = written(applies, "optimizer.apply_gradients(zip(grads, weights))");
    expect(places(text)).toEqual(["9:missing-clipping"]);
    expect(rulesFound(fixAll(text))).toEqual([]);
  });

  it("is reported where it minimizes, and not taken apart: what it overrides may take other arguments", () => {
    const text = written(`    """Slower than normal."""\n\n${applies}`, "optimizer.minimize(loss)");
    expect(places(text)).toEqual(["11:missing-clipping"]);
    expect(fixAll(text)).toBe(text);
  });

  it.each([
    [
      "gets clipped gradients",
      written(applies, "optimizer.apply_gradients(zip(tf.clip_by_global_norm(grads, 1.0)[0], weights))"),
    ],
    [
      "clips them itself",
      written(applies.replace("0.1 * g", "0.1 * tf.clip_by_value(g, -1.0, 1.0)"), "optimizer.minimize(loss)"),
    ],
    [
      "makes its update of two parts",
      written(
        `${applies}\n\n    def minimize(self, loss):\n        return self.apply_gradients(self.compute_gradients(loss))`,
        "optimizer.minimize(loss)",
      ),
    ],
  ])("is not reported where it %s", (_, text) => expect(rulesFound(text)).toEqual([]));
});
