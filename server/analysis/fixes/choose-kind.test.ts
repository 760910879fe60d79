import { describe, expect, it } from "vitest";
import { analyser, rulesFound } from "../../../test/analysis/analyser.ts";
import type { OtherKind } from "../frameworks/spelling.ts";
import { choose } from "./testing/set-threshold.ts";

const torchLoop = (clip = "") => `import torch

model = build()
optimizer = torch.optim.AdamW(model.parameters())
for batch in batches:
    optimizer.zero_grad()
    model(batch).backward()
${clip}    optimizer.step()
`;

/** The optimizer is of this version's `tf.train`, which can't be told to clip where it is built. */
const tape = (clip: string, gradients: string) =>
  `import tensorflow as tf\noptimizer = tf.compat.v1.train.GradientDescentOptimizer(1.0)\nfor x in data:\n    with tf.GradientTape() as tape:\n        loss = model(x)\n${clip.replaceAll("        ", "    ")}    optimizer.apply_gradients(zip(${gradients}, model.trainable_variables))\n`;

describe("by value", () => {
  it.each<[string, string, string]>([
    ["PyTorch", torchLoop(), torchLoop("    torch.nn.utils.clip_grad_value_(model.parameters(), clip_value=0.5)\n")],
    [
      "PyTorch, instead of by norm",
      torchLoop("    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"),
      torchLoop("    torch.nn.utils.clip_grad_value_(model.parameters(), clip_value=0.5)\n"),
    ],
    [
      "Accelerate",
      "from accelerate import Accelerator\nimport torch\naccelerator = Accelerator()\nopt = torch.optim.Adam(model.parameters())\nmodel, opt = accelerator.prepare(model, opt)\nfor x in data:\n    accelerator.backward(model(x))\n    opt.step()\n",
      "from accelerate import Accelerator\nimport torch\naccelerator = Accelerator()\nopt = torch.optim.Adam(model.parameters())\nmodel, opt = accelerator.prepare(model, opt)\nfor x in data:\n    accelerator.backward(model(x))\n    accelerator.clip_grad_value_(model.parameters(), 0.5)\n    opt.step()\n",
    ],
    [
      "Lightning's trainer",
      "import lightning as L\ntrainer = L.Trainer(max_epochs=1)\ntrainer.fit(model)\n",
      'import lightning as L\ntrainer = L.Trainer(max_epochs=1, gradient_clip_val=0.5, gradient_clip_algorithm="value")\ntrainer.fit(model)\n',
    ],
    [
      "Keras",
      'import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile(keras.optimizers.Adam(1e-3), loss="mse")\nmodel.fit(x, y)\n',
      'import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile(keras.optimizers.Adam(1e-3, clipvalue=0.5), loss="mse")\nmodel.fit(x, y)\n',
    ],
    [
      "Optax",
      "import jax, optax\ntx = optax.adam(1e-3)\n@jax.jit\ndef step(p, s, b):\n    g = jax.grad(loss)(p, b)\n    u, s = tx.update(g, s)\n    return optax.apply_updates(p, u), s\n",
      "import jax, optax\ntx = optax.chain(optax.clip(0.5), optax.adam(1e-3))\n@jax.jit\ndef step(p, s, b):\n    g = jax.grad(loss)(p, b)\n    u, s = tx.update(g, s)\n    return optax.apply_updates(p, u), s\n",
    ],
    [
      "TensorFlow's tape",
      tape("        gradients = tape.gradient(loss, model.trainable_variables)\n", "gradients"),
      tape(
        "        gradients = tape.gradient(loss, model.trainable_variables)\n        gradients = [None if g is None else tf.clip_by_value(g, -0.5, 0.5) for g in gradients]\n",
        "gradients",
      ),
    ],
    [
      "TensorFlow's tape, whose gradients have no name",
      tape("", "tape.gradient(loss, model.trainable_variables)"),
      tape(
        "",
        "[None if g is None else tf.clip_by_value(g, -0.5, 0.5) for g in tape.gradient(loss, model.trainable_variables)]",
      ),
    ],
    [
      "TensorFlow's tape, whose gradients have a short name",
      tape("        g = tape.gradient(loss, model.trainable_variables)\n", "g"),
      tape(
        "        g = tape.gradient(loss, model.trainable_variables)\n        g = [None if gradient is None else tf.clip_by_value(gradient, -0.5, 0.5) for gradient in g]\n",
        "g",
      ),
    ],
    [
      "PaddlePaddle",
      "import paddle\nopt = paddle.optimizer.Adam(parameters=model.parameters())\nfor x in data:\n    model(x).backward()\n    opt.step()\n",
      "import paddle\nopt = paddle.optimizer.Adam(parameters=model.parameters(), grad_clip=paddle.nn.ClipGradByValue(0.5))\nfor x in data:\n    model(x).backward()\n    opt.step()\n",
    ],
  ])("%s", (_, before, after) => expect(choose(before, "value")).toBe(after));
});

describe("by what is written into a script with MLX", () => {
  const mlx = (update: string, before = "", imports = "import mlx.core as mx\nimport mlx.utils") =>
    `${imports}\nimport mlx.nn as nn\nimport mlx.optimizers as optim\noptimizer = optim.SGD(0.1)\nvalue_and_grad = nn.value_and_grad(model, loss_of)\nfor x in data:\n    loss, gradients = value_and_grad(model, x)\n${before}    optimizer.${update}\n`;
  it.each<[string, string, OtherKind, string]>([
    ["by value", "update(model, gradients)", "value", "clip_gradients_by_value(gradients, clip_value=0.5)"],
    [
      "adaptively",
      "update(model, gradients)",
      "adaptive",
      "clip_gradients_adaptively(gradients, model, clip_factor=0.01)",
    ],
    [
      "adaptively, where it is given the parameters",
      "apply_gradients(gradients, parameters)",
      "adaptive",
      "clip_gradients_adaptively(gradients, parameters, clip_factor=0.01)",
    ],
  ])("%s, once", (_, update, kind, call) => {
    const written = choose(mlx(update), kind);
    expect(written.slice(written.indexOf("for x in"))).toBe(mlx(update, `    gradients = ${call}\n`).split("of)\n")[1]);
    expect(rulesFound(written).filter((rule) => rule !== "value-clipping")).toEqual([]);
    expect(choose(written, kind)).toMatch(/^refused: .* on line \d+ already/);
    expect(choose(written, kind === "value" ? "adaptive" : "value")).toMatch(/^refused: .* otherwise on line/);
  });

  it("with all that it needs imported", () => {
    const written = choose(mlx("update(model, gradients)", "", "import os"), "value");
    expect(written).toContain("import mlx.utils\nimport mlx.core\n\n\ndef clip_gradients_by_value(");
  });
});

it("clips TensorFlow's gradients by value once, and leaves nothing to find", () => {
  const written = choose(
    tape("        gradients = tape.gradient(loss, model.trainable_variables)\n", "gradients"),
    "value",
  );
  expect(rulesFound(written).filter((rule) => rule !== "value-clipping")).toEqual([]);
  expect(choose(written, "value")).toMatch(/^refused: /);
});

describe("by what is written into a script with TensorFlow's tape", () => {
  const looped = (update: string, head = "", optimizer = "tf.keras.optimizers.SGD(1.0)") =>
    `import tensorflow as tf\n${head}\noptimizer = ${optimizer}\nfor x in data:\n    with tf.GradientTape() as tape:\n        loss = model(x)\n    gradients = tape.gradient(loss, model.trainable_variables)\n    optimizer.${update}\n`;
  const update = "apply_gradients(zip(gradients, model.trainable_variables))";
  const inLoop = (text: string) => text.slice(text.indexOf("for x in data"));

  it.each<[string, string, OtherKind, string]>([
    [
      "adaptively",
      update,
      "adaptive",
      "clip_gradients_adaptively(gradients, model.trainable_variables, clip_factor=0.01)",
    ],
    ["by the history", update, "autoclip", "autoclip(gradients)"],
    [
      "adaptively, for two models",
      "apply_gradients(zip(gradients, a.variables + b.variables))",
      "adaptive",
      "clip_gradients_adaptively(gradients, a.variables + b.variables, clip_factor=0.01)",
    ],
    [
      "adaptively, by the other method",
      "apply(gradients, model.variables)",
      "adaptive",
      "clip_gradients_adaptively(gradients, model.variables, clip_factor=0.01)",
    ],
  ])("%s, once", (_, given, kind, call) => {
    const written = choose(looped(given), kind);
    expect(inLoop(written)).toBe(
      inLoop(looped(given)).replace("    optimizer.", `    gradients = ${call}\n    optimizer.`),
    );
    expect(rulesFound(written)).toEqual([]);
    const line = written.split("\n").findIndex((at) => at.includes("optimizer.apply"));
    expect(choose(written, kind, line)).toMatch(/^refused: .* on line \d+ already/);
    expect(choose(written, kind === "adaptive" ? "autoclip" : "adaptive", line)).toMatch(
      /^refused: .* otherwise on line/,
    );
  });

  it.each<[string, string]>([
    [
      "are scaled for the optimizer",
      looped(update, "", "tf.keras.mixed_precision.LossScaleOptimizer(tf.keras.optimizers.SGD(1.0))"),
    ],
    ["are scaled for one that can't be seen", looped(update, "optimizer.scale_loss(1.0)")],
    ["are one replica's", looped(update, "strategy = tf.distribute.MirroredStrategy()")],
    ["are a graph's", looped(update).replace("tape.gradient(", "tf.gradients(")],
  ])("not where the gradients %s", (_, text) => {
    expect(choose(text, "adaptive")).toContain("refused: No place");
    expect(choose(text, "autoclip")).toContain("refused: No place");
  });

  it("not adaptively where a call gives the variables, perhaps only once", () => {
    expect(choose(looped("apply_gradients(zip(gradients, variables()))"), "adaptive")).toContain("refused: No place");
    expect(choose(looped("apply_gradients(zip(gradients, variables()))"), "autoclip")).toContain("autoclip(gradients)");
  });
});

describe("adaptively", () => {
  const optax = (tx: string, given: string) =>
    `import jax, optax\ntx = ${tx}\n@jax.jit\ndef step(p, s, b):\n    g = jax.grad(loss)(p, b)\n    u, s = tx.update(${given})\n    return optax.apply_updates(p, u), s\n`;
  it("by Optax, whose update is given the parameters", () => {
    expect(choose(optax("optax.adam(1e-3)", "g, s, p"), "adaptive")).toBe(
      optax("optax.chain(optax.adaptive_grad_clip(0.01), optax.adam(1e-3))", "g, s, p"),
    );
    expect(choose(optax("optax.adam(1e-3)", "g, s"), "adaptive")).toContain("refused");
  });

  it("by a function in a PyTorch script", () => {
    const written = choose(torchLoop(), "adaptive");
    expect(written).toContain("import torch\n\n\ndef clip_grad_adaptively_(");
    expect(written).toContain("\n\n\nmodel = build()");
    expect(written).toContain("    clip_grad_adaptively_(model.parameters(), clip_factor=0.01)\n    optimizer.step()");
    expect(rulesFound(written).filter((rule) => rule !== "hand-written-clipping")).toEqual([]);
  });
});

describe("by a function in a script whose framework does the backward pass", () => {
  const accelerated = (built: string, body: string) =>
    `import torch\nfrom accelerate import Accelerator\n\naccelerator = Accelerator(${built})\noptimizer = torch.optim.Adam(model.parameters())\nmodel, optimizer = accelerator.prepare(model, optimizer)\nfor x in data:\n${body}`;
  const step = "    accelerator.backward(model(x))\n    optimizer.step()\n";

  it("unscales first under Accelerate, whose precision may be chosen at its launch", () => {
    const written = choose(accelerated("", step), "adaptive");
    expect(written).toContain(
      "    accelerator.unscale_gradients(optimizer)\n    clip_grad_adaptively_(model.parameters(), clip_factor=0.01)\n    optimizer.step()",
    );
    expect(rulesFound(written).filter((rule) => rule !== "hand-written-clipping")).toEqual([]);
  });

  it("leaves a clip in another function alone, which the one that was written is the second time", () => {
    for (const kind of ["adaptive", "autoclip"] as const) {
      expect(choose(choose(torchLoop(), kind), kind)).toMatch(
        /^refused: The gradients are clipped otherwise on line \d+/,
      );
      expect(choose(choose(accelerated("", step), kind), kind)).toMatch(/^refused: .* otherwise on line \d+/);
    }
  });

  it("doesn't unscale twice", () => {
    const unscaled = step.replace("    optimizer", "    accelerator.unscale_gradients()\n    optimizer");
    expect(choose(accelerated("", unscaled), "autoclip").match(/unscale_gradients/g)).toHaveLength(1);
    const clipped = step.replace(
      "    optimizer",
      "    accelerator.clip_grad_norm_(model.parameters(), 1.0)\n    optimizer",
    );
    const instead = choose(accelerated("", clipped), "autoclip");
    expect(instead).not.toContain("accelerator.clip_grad_norm_");
    expect(instead).toContain("    accelerator.unscale_gradients(optimizer)\n    autoclip(model.parameters())\n");
    expect(rulesFound(instead)).toEqual([]);
  });

  it("waits for the whole batch under Accelerate", () => {
    const accumulated = step.replaceAll("    ", "        ");
    expect(
      choose(
        accelerated("gradient_accumulation_steps=4", `    with accelerator.accumulate(model):\n${accumulated}`),
        "adaptive",
      ),
    ).toContain(
      "        if accelerator.sync_gradients:\n            accelerator.unscale_gradients(optimizer)\n            clip_grad_adaptively_(model.parameters(), clip_factor=0.01)\n        optimizer.step()",
    );
  });

  const fabric = (built: string) =>
    `import torch\nfrom lightning.fabric import Fabric\n\nfabric = Fabric(${built})\noptimizer = torch.optim.Adam(model.parameters())\nmodel, optimizer = fabric.setup(model, optimizer)\nfor x in data:\n    fabric.backward(model(x))\n    optimizer.step()\n`;
  const measures = '    fabric.clip_gradients(model, optimizer, max_norm=float("inf"), error_if_nonfinite=False)\n';

  it.each<[string, string, boolean]>([
    ["no precision", "", false],
    ["one that has no scale", 'precision="bf16-mixed"', false],
    ["one that has", 'precision="16-mixed"', true],
    ["one that can't be followed", "precision=args.precision", true],
    ["options that can't be followed", "**options", true],
  ])("under Fabric with %s", (_, built, unscales) => {
    const written = choose(fabric(built), "autoclip");
    if (built.startsWith("**")) return expect(written).toContain("refused");
    expect(written).toContain(
      `${unscales ? measures : "    fabric.backward(model(x))\n"}    autoclip(model.parameters())\n`,
    );
    expect(written.includes(measures)).toBe(unscales);
    expect(rulesFound(written)).toEqual([]);
  });

  it("by value under Fabric, and not over shards", () => {
    expect(choose(fabric(""), "value")).toContain(
      "    fabric.clip_gradients(model, optimizer, clip_val=0.5)\n    optimizer.step()",
    );
    expect(choose(fabric('strategy="fsdp"'), "adaptive")).toContain("refused");
    expect(choose(fabric("strategy=args.strategy"), "autoclip")).toContain("refused");
  });
});

describe("by the history of the norms", () => {
  it("by an object in a PyTorch script", () => {
    const written = choose(torchLoop(), "autoclip");
    expect(written).toContain("\n\n\nautoclip = AutoClip(percentile=50.0)\n\n\nmodel = build()");
    expect(written).toContain("    autoclip(model.parameters())\n    optimizer.step()");
    expect(rulesFound(written)).toEqual([]);
  });

  describe("by a transformation in a script with Optax", () => {
    const optax = (imports: string, tx: string) =>
      `${imports}\ntx = ${tx}\n@jax.jit\ndef step(p, s, b):\n    g = jax.grad(loss)(p, b)\n    u, s = tx.update(g, s)\n    return optax.apply_updates(p, u), s\n`;
    it.each([
      ["around the optimizer", "optax.adam(1e-3)", "optax.chain(autoclip(50.0), optax.adam(1e-3))"],
      [
        "first in a chain",
        "optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1))",
        "optax.chain(autoclip(50.0), optax.add_decayed_weights(0.1), optax.sgd(0.1))",
      ],
    ])("%s", (_, before, after) => {
      const written = choose(optax("import jax\nimport jax.numpy as jnp\nimport optax", before), "autoclip");
      expect(written).toContain("import optax\n\n\ndef autoclip(percentile=50.0, memory=10000):\n");
      expect(written).toContain("jnp.sort(norms)[jnp.round(");
      expect(written.slice(written.indexOf("tx = "))).toBe(optax("", after).slice(1));
      expect(choose(written, "autoclip")).toMatch(
        /^refused: .* by the history of the norms \(AutoClip\) on line \d+ already/,
      );
      expect(choose(written, "value")).toMatch(/^refused: .* otherwise on line/);
      expect(rulesFound(written)).toEqual([]);
    });
    it("with what it needs imported", () =>
      expect(choose(optax("import jax, optax", "optax.adam(1e-3)"), "autoclip")).toContain("jax.numpy.sort(norms)"));
  });

  it("by one of its own for each update", () => {
    const text = `from torch import optim

a = optim.SGD(A.parameters())
b = optim.SGD(B.parameters())
for x in data:
    loss_a(x).backward()
    a.step()
    loss_b(x).backward()
    b.step()
`;
    const first = choose(text, "autoclip", 6);
    expect(first).toContain("import torch\n");
    const line = first.split("\n").findIndex((at) => at.includes("b.step()"));
    const second = choose(first, "autoclip", line);
    expect(second.match(/class AutoClip/g)).toHaveLength(1);
    expect(second).toContain("    autoclip_2(B.parameters())\n    b.step()");
    expect(second).toContain("autoclip_2 = AutoClip(percentile=50.0)");
    expect(rulesFound(second)).toEqual([]);
  });
});

describe("refuses, and says what can be done", () => {
  it.each<[string, string, OtherKind, string]>([
    [
      "what the framework hasn't got",
      "import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile(keras.optimizers.Adam())\nmodel.fit(x, y)\n",
      "adaptive",
      "Keras can't clip adaptively (AGC) here; it can by the global norm, or by value.",
    ],
    [
      "what Hugging Face's trainer hasn't got",
      'from transformers import Trainer, TrainingArguments\nTrainer(model, TrainingArguments(output_dir="x", max_grad_norm=0)).train()\n',
      "value",
      "refused: Hugging Face Trainer clips by the global norm only.",
    ],
    [
      "what DeepSpeed hasn't got",
      'import deepspeed\nengine, *_ = deepspeed.initialize(model=model, config={"train_batch_size": 8, "gradient_clipping": 0})\nfor x in data:\n    engine.backward(engine(x))\n    engine.step()\n',
      "adaptive",
      "refused: DeepSpeed clips by the global norm only.",
    ],
    [
      "what Stable-Baselines3 hasn't got",
      'from stable_baselines3 import PPO\nPPO("MlpPolicy", "CartPole-v1").learn(1000)\n',
      "value",
      "refused: Stable-Baselines3 clips by the global norm only.",
    ],
    [
      "what Detectron2 hasn't got",
      "from detectron2.config import get_cfg\nfrom detectron2.engine import DefaultTrainer\ncfg = get_cfg()\nDefaultTrainer(cfg).train()\n",
      "autoclip",
      "refused: Detectron2 clips by value, or by each variable's own norm only.",
    ],
    [
      "what a static program of PaddlePaddle's would have to hold",
      "import paddle\npaddle.enable_static()\nopt = paddle.optimizer.Adam()\nopt.minimize(loss)\n",
      "adaptive",
      "refused: No place for a clip adaptively (AGC) was found at this update. Clip the global norm instead.",
    ],
    [
      "what MLX compiles",
      "import mlx.core as mx\nimport mlx.nn as nn\nimport mlx.optimizers as optim\nfrom functools import partial\noptimizer = optim.SGD(0.1)\nvalue_and_grad = nn.value_and_grad(model, loss_of)\n@partial(mx.compile, inputs=state, outputs=state)\ndef step(x):\n    loss, gradients = value_and_grad(model, x)\n    optimizer.update(model, gradients)\n",
      "autoclip",
      "refused: AutoClip has to remember the norms, which it can't in a step that `mx.compile` compiles; this file mentions `compile`. Clip the global norm instead.",
    ],
    [
      "what isn't written into Detectron2's configuration",
      "from detectron2.config import get_cfg\nfrom detectron2.engine import DefaultTrainer\ncfg = get_cfg()\nDefaultTrainer(cfg).train()\n",
      "value",
      'refused: Detectron2 clips by value if its configuration says so. Before the trainer is built, set `SOLVER.CLIP_GRADIENTS.ENABLED` to `True`, `SOLVER.CLIP_GRADIENTS.CLIP_TYPE` to `"value"` and `SOLVER.CLIP_GRADIENTS.CLIP_VALUE` to 0.5.',
    ],
    [
      "Ignite's ready-made update",
      "import torch\nfrom ignite.engine import create_supervised_trainer\nopt = torch.optim.Adam(model.parameters())\ntrainer = create_supervised_trainer(model, opt, loss)\ntrainer.run(data)\n",
      "value",
      "refused: PyTorch Ignite has no place for a clip at this update.",
    ],
    [
      "a descent by hand",
      "import tensorflow as tf\nw = tf.Variable(1.0)\nfor x in data:\n    with tf.GradientTape() as tape:\n        loss = model(x, w)\n    g = tape.gradient(loss, w)\n    w.assign_sub(0.1 * g)\n",
      "autoclip",
      "refused: The script makes this update by itself. Clip the gradients where it computes them.",
    ],
    [
      "an optimizer that is told to clip",
      "import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile(keras.optimizers.Adam(clipnorm=1.0))\nmodel.fit(x, y)\n",
      "value",
      "Take `1.0` out there first.",
    ],
    [
      "a clip whose norm is used",
      torchLoop("    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"),
      "value",
      "on line 8. Take that out first.",
    ],
    [
      "what is there already",
      torchLoop("    torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)\n"),
      "value",
      "clipped by value on line 8 already",
    ],
  ])("%s", (_, text, kind, reason) => expect(choose(text, kind)).toContain(reason));
});

describe("at a line", () => {
  const titles = (text: string, line: number) => {
    const module = analyser.open(text);
    const found = module.otherClips(line).map(({ title }) => title.replace(/,.*| to.*/, ""));
    module.dispose();
    return found;
  };

  it("tells what the framework of the update there can", () => {
    expect(titles(torchLoop(), 7)).toEqual([
      "Clip each component of the gradients by value",
      "Clip the gradients adaptively (AGC)",
      "Clip the gradients",
    ]);
    expect(titles("import lightning as L\ntrainer = L.Trainer()\ntrainer.fit(model)\n", 2)).toEqual([
      "Clip each component of the gradients by value",
    ]);
  });

  it("tells nothing elsewhere, or what is there already", () => {
    expect(titles(torchLoop(), 6)).toEqual([]);
    const clipped = torchLoop("    torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)\n");
    expect(titles(clipped, 8)).toEqual(["Clip the gradients adaptively (AGC)", "Clip the gradients"]);
  });
});
