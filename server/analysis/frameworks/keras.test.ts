import { describe, expect, it } from "vitest";
import { fixAll, lint, places, rulesFound } from "../../../test/analysis/analyser.ts";
import { placesIn } from "../../../test/analysis/project.ts";

type Parts = Partial<Record<"imports" | "before" | "optimizer" | "compile" | "train", string>>;

const script = ({
  imports = "import keras",
  before = "",
  optimizer = "keras.optimizers.Adam()",
  compile = `model.compile(optimizer=${optimizer}, loss="mse")`,
  train = "model.fit(x, y)",
}: Parts) => `${imports}
${before}
model = keras.Sequential([keras.layers.Dense(1)])
${compile}
${train}
`;

describe("a model that is compiled without an optimizer", () => {
  it("is reported, and given the one that it makes by itself, told to clip", () => {
    const text = script({ compile: 'model.compile(loss="mse")' });
    const [finding, ...more] = lint(text);
    expect(more).toEqual([]);
    expect(finding?.message).toBe("`model` trains with an optimizer that clips no gradients.");
    expect(finding?.related).toEqual([]);
    const fixed = fixAll(text);
    expect(fixed).toContain('(loss="mse", optimizer=keras.optimizers.RMSprop(global_clipnorm=1.0))');
    expect(rulesFound(fixed)).toEqual([]);
  });

  it("of a class of the file's own, too", () => {
    const before = "class Net(keras.Model):\n    def call(self, x):\n        return x\n";
    const text = script({ before, compile: "net = Net()\nnet.compile()", train: "net.fit(x, y)" });
    expect(rulesFound(text)).toEqual(["missing-clipping"]);
    expect(fixAll(text)).toContain("compile(optimizer=keras.optimizers.RMSprop(global_clipnorm=1.0))");
  });

  it.each([
    ["what may be told by options", { compile: "model.compile(**options)" }],
    ["a model of which nothing is known", { compile: "model = load(path)\nmodel.compile()" }],
    ["no model", { compile: 'import re\nmodel = re\nmodel.compile("x")' }],
    [
      "a class that takes over what compiles it, and trains itself",
      {
        before:
          "class Net(keras.Model):\n    def compile(self, made):\n        super().compile()\n        self.made = made\n    def train_step(self, data):\n        return {}\n",
        compile: "model = Net()\nmodel.compile(keras.optimizers.Adam())",
      },
    ],
    [
      "one to evaluate, of the name of one that was trained",
      {
        compile:
          'model.compile(keras.optimizers.Adam(global_clipnorm=1.0))\nmodel.fit(x, y)\nmodel = keras.Sequential([])\nmodel.compile(loss="mse")',
        train: "model.evaluate(x, y)",
      },
    ],
    ["one that is not trained here", { compile: "model.compile()", train: "model.evaluate(x, y)" }],
  ])("is not reported for %s", (_, parts) => expect(rulesFound(script(parts))).toEqual([]));
});

describe("a model that is compiled and trained", () => {
  it.each([
    ["a constructor", {}, "keras.optimizers.Adam(global_clipnorm=1.0)"],
    [
      "an argument already",
      { optimizer: "keras.optimizers.SGD(0.1)" },
      "keras.optimizers.SGD(0.1, global_clipnorm=1.0)",
    ],
    ["a name", { optimizer: '"adam"' }, "keras.optimizers.Adam(global_clipnorm=1.0)"],
    [
      "a name for get",
      { optimizer: 'keras.optimizers.get("sgd")' },
      "keras.optimizers.get(keras.optimizers.SGD(global_clipnorm=1.0))",
    ],
    [
      "None, which is what it is anyway",
      { optimizer: "keras.optimizers.Adam(clipnorm=None)" },
      "keras.optimizers.Adam(clipnorm=None, global_clipnorm=1.0)",
    ],
    [
      "the argument at None",
      { optimizer: "keras.optimizers.Adam(global_clipnorm=None)" },
      "keras.optimizers.Adam(global_clipnorm=1.0)",
    ],
    [
      "a scaled one",
      { optimizer: "keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())" },
      "LossScaleOptimizer(keras.optimizers.Adam(global_clipnorm=1.0))",
    ],
    [
      "a legacy one",
      { optimizer: "keras.optimizers.legacy.Adam()" },
      "keras.optimizers.legacy.Adam(global_clipnorm=1.0)",
    ],
    ["an old one", { optimizer: "keras.optimizers.Adam(lr=1e-3)" }, "keras.optimizers.Adam(lr=1e-3, clipnorm=1.0)"],
    [
      "a variable",
      { before: "made = keras.optimizers.Lion()", optimizer: "made" },
      "keras.optimizers.Lion(global_clipnorm=1.0)",
    ],
    [
      "options",
      { before: "options = dict(optimizer=keras.optimizers.Adam(), loss='mse')", compile: "model.compile(**options)" },
      "dict(optimizer=keras.optimizers.Adam(global_clipnorm=1.0), loss='mse')",
    ],
    [
      "one by a name from elsewhere",
      { optimizer: "getattr(keras.optimizers, args.optimizer)(0.1)" },
      "getattr(keras.optimizers, args.optimizer)(0.1, global_clipnorm=1.0)",
    ],
    [
      "a learning rate schedule",
      { before: "rate = keras.optimizers.schedules.CosineDecay(1e-3, 10)", optimizer: "keras.optimizers.Adam(rate)" },
      "keras.optimizers.Adam(rate, global_clipnorm=1.0)",
    ],
  ])("is reported at compile, with %s", (_, parts, fixed) => {
    const text = script(parts);
    const [finding, ...more] = lint(text);
    expect(more).toEqual([]);
    expect(finding?.rule).toBe("missing-clipping");
    expect(finding && text.slice(finding.range.start, finding.range.end)).toMatch(/^model\.compile\(/);
    expect(fixAll(text)).toContain(fixed);
    expect(rulesFound(fixAll(text))).toEqual([]);
  });

  it.each([
    ["tf.keras", "import tensorflow as tf\nfrom tensorflow import keras"],
    ["keras of a submodule", "from tensorflow.keras import layers\nimport tensorflow.keras as keras"],
    ["tf_keras", "import tf_keras as keras"],
  ])("is known by %s", (_, imports) => expect(rulesFound(script({ imports }))).toEqual(["missing-clipping"]));

  it.each([
    ["import tensorflow as tf", "tf.keras.optimizers.Adam(global_clipnorm=1.0)"],
    ["from tensorflow.keras import optimizers", "optimizers.Adam(global_clipnorm=1.0)"],
    ["from tensorflow.keras.models import Model", "tensorflow.keras.optimizers.Adam(global_clipnorm=1.0)"],
    ["from keras.optimizers import Adam", "Adam(global_clipnorm=1.0)"],
    ["from keras import layers", "keras.optimizers.Adam(global_clipnorm=1.0)"],
  ])("spells the constructor as the file imports it: %s", (imports, expected) => {
    const text = `${imports}\nmodel = build(keras=True)\nmodel.compile("adam", "mse")\nmodel.fit(x, y)\n`;
    expect(fixAll(text)).toContain(`model.compile(${expected}, "mse")`);
    expect(fixAll(fixAll(text))).toBe(fixAll(text));
  });

  it("imports beside what it imports already, which may have to wait for the environment", () => {
    const text = `import os
os.environ["KERAS_BACKEND"] = "jax"
from keras import layers
model = build()
model.compile("adam", "mse")
model.fit(x, y)
`;
    expect(fixAll(text)).toContain("from keras import layers\nimport keras\n");
  });

  it.each([
    [
      "in a builder",
      "def build():\n    m = keras.Sequential()\n    m.compile('sgd')\n    return m\nnet = build()\nnet.fit(x)\n",
      ["4:missing-clipping"],
    ],
    [
      "handed in",
      "def train(net):\n    net.compile('sgd')\n    net.fit(x)\ntrain(keras.Sequential())\n",
      ["3:missing-clipping"],
    ],
    [
      "handed in, from who knows where",
      "def train(net):\n    net.compile('sgd')\n    net.fit(x)\ndef main():\n    made = factory.make()\n    train(made)\nmain()\n",
      ["3:missing-clipping"],
    ],
    [
      "in self",
      "class T:\n    def build(self):\n        self.m = keras.Sequential()\n        self.m.compile('sgd')\n    def train(self):\n        self.m.train_on_batch(x)\n",
      ["5:missing-clipping"],
    ],
    [
      "a class of its own",
      "class M(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.compile('sgd')\nM().fit(x)\n",
      ["5:missing-clipping"],
    ],
    [
      "both of a pair",
      "d = keras.Sequential()\nd.compile('sgd')\ng = keras.Sequential()\ng.compile('sgd')\nd.train_on_batch(x)\ng.train_on_batch(x)\n",
      ["3:missing-clipping", "5:missing-clipping"],
    ],
    [
      "one of two",
      "a = keras.Sequential()\na.compile('sgd')\nb = keras.Sequential()\nb.compile('sgd')\na.fit(x)\nb.predict(x)\n",
      ["3:missing-clipping"],
    ],
  ])("is found %s", (_, text, expected) => expect(places(`import keras\n${text}`)).toEqual(expected));
});

describe("says nothing", () => {
  it.each([
    ["to global_clipnorm", { optimizer: "keras.optimizers.Adam(global_clipnorm=1.0)" }],
    ["to a threshold from elsewhere", { optimizer: "keras.optimizers.Adam(global_clipnorm=args.clip)" }],
    ["to options that may hold one", { optimizer: "keras.optimizers.Adam(**options)" }],
    [
      "to options that hold one",
      { before: "options = {'global_clipnorm': 1.0}", optimizer: "keras.optimizers.Adam(**options)" },
    ],
    ["to compile options that can't be seen", { compile: "model.compile(**options)" }],
    ["to an optimizer from elsewhere", { optimizer: "make_optimizer()" }],
    ["to a name of somebody's own", { optimizer: '"my_optimizer"' }],
    ["to several optimizers in one", { optimizer: "tfa.optimizers.MultiOptimizer(pairs)" }],
    ["to compiling for evaluation", { train: "model.evaluate(x, y)" }],
    [
      "to torch.compile's method",
      { imports: "import torch, keras\n", compile: "model = torch.nn.Linear(1, 1)\nmodel.compile()" },
    ],
    [
      "to another model that is trained",
      { before: "other = keras.Sequential()\nother.fit(x)", train: "model.predict(x)" },
    ],
  ])("%s", (_, parts) => expect(rulesFound(script(parts))).toEqual([]));
});

const subclass = (apply: string, compile: string, body = "") => `import tensorflow as tf
import keras

class Custom(keras.Model):
${body}    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = self.compute_loss(data)
        gradients = tape.gradient(loss, self.trainable_variables)
        ${apply}

model = Custom()
${compile}
model.fit(data)
`;

describe("a train_step of its own", () => {
  const apply = "self.optimizer.apply(gradients, self.trainable_variables)";

  it("makes the update, with the optimizer that compile was given", () => {
    const text = subclass(apply, 'model.compile(optimizer="adam")');
    expect(places(text)).toEqual(["9:missing-clipping"]);
    expect(fixAll(text)).toBe(subclass(apply, "model.compile(optimizer=keras.optimizers.Adam(global_clipnorm=1.0))"));
  });

  it.each([
    [
      "by apply_gradients",
      subclass("self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))", 'model.compile("sgd")'),
      1,
    ],
    ["an optimizer that clips", subclass(apply, "model.compile(keras.optimizers.SGD(global_clipnorm=1.0))"), 0],
    ["an optimizer from elsewhere", subclass(apply, "model.compile(optimizer=make())"), 0],
    ["compiled elsewhere", subclass(apply, ""), 0],
    [
      "a compile of its own",
      subclass(
        apply,
        "model.compile(keras.optimizers.SGD())",
        "    def compile(self, chosen):\n        super().compile(optimizer=chosen)\n",
      ),
      1,
    ],
    [
      "a compile that hands on all that it is given",
      subclass(
        apply,
        "model.compile(keras.optimizers.SGD(), run_eagerly=True)",
        "    def compile(self, *args, **kwargs):\n        super().compile(*args, **kwargs)\n        self.ready = True\n",
      ),
      1,
    ],
    [
      "a compile that hands on what it knows nothing of",
      subclass(
        apply,
        "model.compile(own, optimizer=keras.optimizers.SGD())",
        "    def compile(self, own, **options):\n        super().compile(**options)\n        self.own = own\n",
      ),
      1,
    ],
    [
      "a compile that hands on an optimizer that clips",
      subclass(
        apply,
        "model.compile(keras.optimizers.SGD(clipnorm=1.0))",
        "    def compile(self, *args, **kwargs):\n        super().compile(*args, **kwargs)\n",
      ),
      0,
    ],
    [
      "a compile that hands on options which can't be seen",
      subclass(
        apply,
        "model.compile(**options)",
        "    def compile(self, **kwargs):\n        super().compile(**kwargs)\n",
      ),
      0,
    ],
    [
      "a compile that keeps what comes first",
      subclass(
        apply,
        "model.compile(keras.optimizers.SGD(), made)",
        "    def compile(self, own, *args, **kwargs):\n        super().compile(*args, **kwargs)\n",
      ),
      0,
    ],
    [
      "an optimizer of its own",
      subclass(
        "self.d_optimizer.apply(gradients, self.d.trainable_variables)",
        "model.compile(d_optimizer=keras.optimizers.SGD())",
        "    def compile(self, d_optimizer):\n        super().compile()\n        self.d_optimizer = d_optimizer\n",
      ),
      1,
    ],
    [
      "gradients that are clipped",
      subclass(
        "self.optimizer.apply([tf.clip_by_norm(g, 1.0) for g in gradients], self.trainable_variables)",
        'model.compile("sgd")',
      ),
      0,
    ],
  ])("%s", (_, text, count) =>
    expect(rulesFound(text).filter((rule) => rule === "missing-clipping")).toHaveLength(count),
  );
});

describe("other backends", () => {
  it("follows gradients of JAX to a stateless update", () => {
    const text = (made: string) => `import jax
import keras
optimizer = ${made}
value_and_grad = jax.value_and_grad(loss, has_aux=True)

@jax.jit
def step(state, data):
    trainable, others, optimizer_variables = state
    (loss, others), grads = value_and_grad(trainable, others, data)
    trainable, optimizer_variables = optimizer.stateless_apply(optimizer_variables, grads, trainable)
`;
    expect(places(text("keras.optimizers.Adam()"))).toEqual(["10:missing-clipping"]);
    expect(fixAll(text("keras.optimizers.Adam()"))).toBe(text("keras.optimizers.Adam(global_clipnorm=1.0)"));
  });

  it("follows gradients that PyTorch's backward pass left", () => {
    const text = (clip: string) => `import torch
import keras
optimizer = keras.optimizers.Adam()
for x in data:
    model.zero_grad()
    model(x).sum().backward()
    ${clip}
    gradients = [v.value.grad for v in weights]
    optimizer.apply(gradients, weights)
`;
    expect(places(text("pass"))).toEqual(["9:missing-clipping"]);
    expect(fixAll(text("pass"))).toContain("keras.optimizers.Adam(global_clipnorm=1.0)");
    expect(rulesFound(text("torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)"))).toEqual([]);
  });
});

it.each([
  ["keras.layers.LSTM(8)", "warning", "=1.0"],
  ["keras.layers.MultiHeadAttention(2, 8)", "warning", "=1.0"],
  ["keras.layers.Conv2D(8, 3)", "information", "=1.0"],
])("takes severity from the layers: %s", (layer, severity, threshold) => {
  const text = script({}).replace("keras.layers.Dense(1)", layer);
  expect(lint(text)[0]?.severity).toBe(severity);
  expect(fixAll(text)).toContain(`global_clipnorm${threshold}`);
});

it("knows agents of reinforcement learning", () => {
  const text = `import gym
from keras.optimizers import Adam
from rl.agents.ddpg import DDPGAgent
agent = DDPGAgent(actor=a, critic=c)
agent.compile(Adam(learning_rate=1e-3), metrics=["mae"])
agent.fit(gym.make("Pendulum-v0"))
`;
  expect(lint(text).map(({ severity }) => severity)).toEqual(["warning"]);
  expect(fixAll(text)).toContain("global_clipnorm=10.0");
});

describe("a model that a function compiles and returns", () => {
  const built = (body: string, after = "") => `import keras
from keras.models import load_model

def build(units, path):
${body.replace(/^/gm, "    ")}
${after}`;
  const layers = "net = keras.Sequential([keras.layers.Dense(units)])";
  const compile = `net.compile("adam", "mse")`;

  it.each([
    ["alone", `${layers}\n${compile}\nreturn net`],
    ["among others", `${layers}\n${compile}\nreturn net, units`],
    ["to be shown", `${layers}\n${compile}\nreturn net`, "build(3, None).summary()"],
  ])("is trained by its callers: returned %s", (_, body, after = "") =>
    expect(rulesFound(built(body, after))).toEqual(["missing-clipping"]),
  );

  it.each([
    ["it is not returned", `${layers}\n${compile}\nnet.summary()`],
    ["it was trained before", `net = load_model(path)\n${compile}\nreturn net`],
    ["its weights were", `${layers}\nnet.load_weights(path)\n${compile}\nreturn net`],
    ["its caller evaluates it", `${layers}\n${compile}\nreturn net`, "net = build(3, None)\nnet.evaluate(x, y)"],
    ["its optimizer can't be seen", `${layers}\nnet.compile(units, "mse")\nreturn net`],
  ])("is left alone where %s", (_, body, after = "") => expect(rulesFound(built(body, after))).toEqual([]));
});

describe("a model of a module that says nothing of training", () => {
  const script = (compile: string) => `import tensorflow as tf
from nets import Critic

class Agent:
    def __init__(self, rate):
        self.critic, self.target = Critic(8), Critic(8)
        ${compile}

    def learn(self, states):
        with tf.GradientTape() as tape:
            loss = self.critic(states)
        grads = tape.gradient(loss, self.critic.trainable_variables)
        self.critic.optimizer.apply_gradients(zip(grads, self.critic.trainable_variables))
`;
  const nets = `from tensorflow import keras
class Critic(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.value = keras.layers.Dense(units)
`;
  const found = (compile: string) => placesIn({ "train.py": script(compile), "nets.py": nets });

  it("has the optimizer that it was compiled with", () => {
    expect(found("self.critic.compile(optimizer=tf.keras.optimizers.Adam(rate))")).toEqual(["13:missing-clipping"]);
    expect(found("self.critic.compile(optimizer=tf.keras.optimizers.Adam(rate, clipnorm=9.0))")).toEqual([]);
  });

  it.each([
    ["it was compiled elsewhere", "pass"],
    ["another one was compiled", "self.target.compile(optimizer=tf.keras.optimizers.Adam(rate))"],
    ["its optimizer can't be seen", "self.critic.compile(optimizer=rate)"],
  ])("is left alone where %s", (_, compile) => expect(found(compile)).toEqual([]));
});

describe("models that one helper builds", () => {
  const agent = (train: string) => `import keras

class Agent:
    def __init__(self, units):
        self.value = self.build(units)
        self.value.compile(keras.optimizers.Adam(), "mse")
        self.target = self.build(units)
        self.target.compile(keras.optimizers.Adam(), "mse")

    def build(self, units):
        seen = keras.layers.Input((units,))
        return keras.Model(seen, keras.layers.Dense(1)(seen))

    def learn(self, states, goals):
        ${train}
`;
  it.each([
    ["the one", "self.value.fit(states, goals)", ["6:missing-clipping"]],
    ["the other", "self.target.fit(states, goals)", ["8:missing-clipping"]],
    ["none", "self.target.set_weights(self.value.get_weights())", []],
  ])("are told apart: %s is trained", (_, train, expected) => expect(places(agent(train))).toEqual(expected));

  it("are told apart where it returns two at once", () => {
    const pair = agent("self.value.fit(states, goals)")
      .replace("self.value = self.build(units)", "self.value, self.target = self.build(units)")
      .replace("        self.target = self.build(units)\n", "")
      .replace(/return (.*)$/m, "return keras.Model(seen, seen), $1");
    expect(places(pair)).toEqual(["6:missing-clipping"]);
  });

  it("are known by another name, in a function that has callers", () => {
    const text = `import keras
from nets import build

def train(wide, x, y):
    if wide:
        copy = build(64)
        copy.compile("adam", "mse")
        chosen = copy
    else:
        chosen = build(8)
    chosen.fit(x, y)

def main(x, y):
    train(True, x, y)
`;
    expect(places(text)).toEqual(["7:missing-clipping"]);
  });
});

describe("the severity", () => {
  it("takes no library's transformers of columns for a network", () => {
    const [finding] = lint(script({ before: "from sklearn.compose import make_column_transformer" }));
    expect(finding).toMatchObject({ rule: "missing-clipping", severity: "information" });
  });
});

describe("Transformers' models for TensorFlow", () => {
  const tuned = (optimizer: string) => `import tensorflow as tf
from transformers import AdamWeightDecay, TFAutoModelForMaskedLM, create_optimizer
made, schedule = create_optimizer(2e-5, 1000, 100${optimizer === "made" ? "" : ", adam_global_clipnorm=1.0"})
net = TFAutoModelForMaskedLM.from_pretrained("bert")
net.compile(optimizer=${optimizer})
net.fit(data)
`;
  const findings = (optimizer: string) => lint(tuned(optimizer)).map(({ rule, severity }) => `${severity} ${rule}`);

  it.each(["made", "AdamWeightDecay(2e-5)", '"adam"'])("are reported: %s", (optimizer) =>
    expect(findings(optimizer)).toEqual(["warning missing-clipping"]),
  );

  it("are told to clip where the optimizer is made", () => {
    expect(fixAll(tuned("made"))).toContain("create_optimizer(2e-5, 1000, 100, adam_global_clipnorm=1.0)");
    expect(fixAll(tuned("AdamWeightDecay(2e-5)"))).toContain("AdamWeightDecay(2e-5, global_clipnorm=1.0)");
  });

  it.each(["(made)", "AdamWeightDecay(2e-5, clipnorm=1.0)"])("are left alone where they clip: %s", (optimizer) =>
    expect(findings(optimizer).filter((finding) => finding.endsWith("missing-clipping"))).toEqual([]),
  );
});

/** An optimizer that the file writes itself, and what is built of it. */
const own = (body: string, built = "Gentle(0.1)", base = "keras.optimizers.Optimizer") => `import keras

class Gentle(${base}):
${body}

model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=${built}, loss="mse")
model.fit(x, y)
`;
const handsOn = `    def __init__(self, rate=0.1, **options):
        super().__init__(learning_rate=rate, **options)`;
const update = `    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, learning_rate * gradient)`;

describe("an optimizer of the file's own", () => {
  it("is told to clip as the library's, where it hands on what it is told", () => {
    const text = own(`${handsOn}\n\n${update}`);
    expect(places(text)).toEqual(["11:missing-clipping"]);
    expect(fixAll(text)).toBe(own(`${handsOn}\n\n${update}`, "Gentle(0.1, global_clipnorm=1.0)"));
  });

  it.each([
    ["that takes no options", "    def __init__(self, rate):\n        super().__init__(rate)"],
    ["that drops its options", "    def __init__(self, rate, **options):\n        super().__init__(rate)"],
    [
      "that applies gradients by itself",
      `${handsOn}\n\n    def apply(self, gradients, variables):\n        step(gradients)`,
    ],
  ])("is reported, and not told to clip, for one %s", (_, body) => {
    expect(rulesFound(own(body))).toEqual(["missing-clipping"]);
    expect(fixAll(own(body))).toBe(own(body));
  });

  it.each([
    ["that is told to clip", own(`${handsOn}\n\n${update}`, "Gentle(0.1, clipnorm=1.0)"), ["per-variable-norm"]],
    ["whose options can't be seen", own(`${handsOn}\n\n${update}`, "Gentle(0.1, **options)"), []],
    ["that clips", own("    def apply(self, grads):\n        super().apply(self.clipped(grads))"), []],
    [
      "that looks at norms",
      own("    def update_step(self, g, v, rate):\n        v.assign(v - rate * g / ops.norm(g))"),
      [],
    ],
    ["that applies another", own("    def apply(self, grads):\n        self.inner.apply(grads)"), []],
    ["whose base can't be seen", own(update, "Gentle(0.1)", "elsewhere.Optimizer"), []],
    ["with another base that can't be seen", own(update, "Gentle(0.1)", "Limits, keras.optimizers.SGD"), []],
  ])("is not reported for one %s", (_, text, rules) => expect(rulesFound(text)).toEqual(rules));

  it("is one where another module writes it", () => {
    const main =
      "import keras\nfrom optimizers import Gentle\n\nmodel = keras.Sequential([])\nmodel.compile(Gentle(0.1))\nmodel.fit(x, y)\n";
    const module = (body: string) => `import keras\n\nclass Gentle(keras.optimizers.Optimizer):\n${body}\n`;
    expect(placesIn({ "train.py": main, "optimizers.py": module(update) })).toEqual(["5:missing-clipping"]);
    const clips = "    def apply(self, grads):\n        super().apply(clip(grads))";
    expect(placesIn({ "train.py": main, "optimizers.py": module(clips) })).toEqual([]);
  });
});
