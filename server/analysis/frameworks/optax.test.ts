import { describe, expect, it } from "vitest";
import { fixAll, lint, parses, places } from "../../../test/analysis/analyser.ts";

/** A plain JAX script: `tx` builds the optimizer, `between` stands between the gradients and the update. */
const script = (tx: string, between: readonly string[] = []) => `import functools
import jax
import jax.numpy as jnp
import optax

${tx}
state = tx.init(params)


@jax.jit
def train_step(params, state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(params, batch)
${between.map((line) => `    ${line}\n`).join("")}    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state


for batch in batches:
    params, state = train_step(params, state, batch)
`;

const missing = (text: string) => places(text).filter((place) => place.endsWith("missing-clipping"));

describe("an Optax optimizer that nothing clips for", () => {
  const built: [string, string][] = [
    ["an alias", "tx = optax.adam(1e-3)"],
    ["a chain", "tx = optax.chain(optax.scale_by_adam(), optax.scale(-1e-3))"],
    ["several steps in one", "tx = optax.MultiSteps(optax.adamw(1e-3), 4)"],
    [
      "one transformation for each group",
      'tx = optax.multi_transform({"a": optax.adam(1e-3), "b": optax.sgd(1)}, labels)',
    ],
    ["hyperparameters injected", "tx = optax.inject_hyperparams(optax.adam)(learning_rate=1e-3)"],
    ["a guard against infinities", "tx = optax.apply_if_finite(optax.chain(optax.zero_nans(), optax.adam(1)), 5)"],
    ["a list", "links = [optax.adam(1e-3)]\nlinks.append(optax.add_decayed_weights(1e-4))\ntx = optax.chain(*links)"],
    ["a helper of the file", "def build(lr):\n    return optax.adam(lr)\n\n\ntx = build(1e-3)"],
  ];
  it.each(built)("is reported: %s", (_, tx) => {
    expect(missing(script(tx))).toHaveLength(1);
  });

  const silent: [string, string][] = [
    ["a clip in the chain", "tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))"],
    ["a clip by value", "tx = optax.chain(optax.clip(1.0), optax.adam(1e-3))"],
    ["an adaptive clip", "tx = optax.chain(optax.adaptive_grad_clip(0.01), optax.sgd(0.1))"],
    ["a name given anew", "tx = optax.adam(1e-3)\ntx = optax.chain(optax.clip_by_global_norm(1.0), tx)"],
    [
      "a clip under a condition",
      "links = [optax.adam(1e-3)]\nif config.clip:\n    links.insert(0, optax.clip(1.0))\n    links.append(optax.clip_by_global_norm(1.0))\ntx = optax.chain(*links)",
    ],
    [
      "clipping inside a group",
      'tx = optax.partition({"a": optax.chain(optax.clip(1), optax.adam(1)), "b": optax.sgd(1)}, f)',
    ],
    [
      "clipping inside MultiSteps",
      "tx = optax.MultiSteps(optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1)), 4)",
    ],
    [
      "clipping around MultiSteps",
      "tx = optax.chain(optax.clip_by_global_norm(1.0), optax.MultiSteps(optax.adam(1), 4))",
    ],
    [
      "a factory",
      "@optax.inject_hyperparams\ndef build(lr):\n    return optax.chain(optax.clip(1.0), optax.adam(lr))\n\n\ntx = build(lr=1e-3)",
    ],
    ["Adafactor, which clips", "tx = optax.adafactor(1e-3)"],
    ["a search for the step", "tx = optax.chain(optax.sgd(1.0), optax.scale_by_backtracking_linesearch(15))"],
    ["a quasi-Newton method", "tx = optax.chain(optax.scale_by_lbfgs(), optax.scale(-0.1))"],
    ["gradients that become signs", "tx = optax.sign_sgd(1e-3)"],
    ["a transformation of its own", "tx = optax.chain(optax.GradientTransformation(init, update), optax.adam(1e-3))"],
    ["a link of another module", "from links import my_link\ntx = optax.chain(my_link(), optax.adam(1e-3))"],
    ["an optimizer of another module", "from recipes import build\ntx = build(1e-3)"],
    ["an optimizer of a configuration", "tx = getattr(optax, config.name)(1e-3)\ntx = config.wrap(tx)"],
  ];
  it.each(silent)("is not one with %s", (_, tx) => {
    expect(missing(script(tx))).toEqual([]);
  });
});

describe("gradients on their way to the update", () => {
  const left: [string, string[]][] = [
    ["averaged over devices", ['grads = jax.lax.pmean(grads, axis_name="batch")']],
    ["averaged leaf by leaf", ['grads = jax.tree.map(lambda g: jax.lax.pmean(g, "batch"), grads)']],
    ["divided by a count", ["grads = jax.tree_util.tree_map(lambda g: g / steps, grads)"]],
    ["summed with weight decay", ["grads = jax.tree.map(lambda g, p: g + 0.1 * p, grads, params)"]],
    ["cast", ["grads = jax.tree.map(lambda g: g.astype(jnp.float32), grads)"]],
    ["measured only", ["norm = optax.global_norm(grads)"]],
    ["with something else clipped", ["perplexity = jnp.clip(jnp.exp(loss), max=1e4)"]],
    ["cleared of NaNs", ["grads = jax.tree.map(jnp.nan_to_num, grads)"]],
    ["handed to what logs them", ["log_histograms(grads)"]],
  ];
  it.each(left)("are unclipped if %s", (_, between) => {
    expect(missing(script("tx = optax.adam(1e-3)", between))).toHaveLength(1);
  });

  const bounded: [string, string[]][] = [
    ["clipped leaf by leaf", ["grads = jax.tree.map(lambda g: jnp.clip(g, -1, 1), grads)"]],
    ["clipped by a partial function", ["grads = jax.tree.map(functools.partial(jnp.clip, min=-1, max=1), grads)"]],
    ["clipped by a method", ["grads = jax.tree.map(lambda g: g.clip(-1, 1), grads)"]],
    [
      "scaled by their norm",
      [
        "norm = optax.global_norm(grads)",
        "factor = jnp.minimum(1.0, 1.0 / norm)",
        "grads = jax.tree.map(lambda g: g * factor, grads)",
      ],
    ],
    [
      "clipped by a nested function",
      ["def limit(g):", "    return g / jnp.maximum(1.0, jnp.linalg.norm(g))", "grads = jax.tree.map(limit, grads)"],
    ],
    [
      "scaled as a tree",
      [
        "factor = jnp.minimum(1.0, 1.0 / optax.global_norm(grads))",
        "grads = optax.tree_utils.tree_scale(factor, grads)",
      ],
    ],
    [
      "scaled by a tree of factors",
      [
        "factors = jax.tree.map(lambda g: jnp.minimum(1.0, 1.0 / jnp.linalg.norm(g)), grads)",
        "grads = jax.tree.map(lambda g, f: g * f, grads, factors)",
      ],
    ],
    [
      "scaled where their norm is too large",
      ["norm = optax.global_norm(grads)", "if norm > 1:", "    grads = jax.tree.map(lambda g: g / norm, grads)"],
    ],
    [
      "clipped by a branch of JAX's own",
      ["grads = jax.lax.cond(optax.global_norm(grads) > 1, shrink, lambda g: g, grads)"],
    ],
    ["scaled by what can't be seen", ["grads = jax.tree.map(lambda g: g * config.factor, grads)"]],
    ["through a helper that can't be seen", ["grads = process(grads)"]],
    ["clipped under a condition", ["if clip:", "    grads = jax.tree.map(lambda g: jnp.clip(g, -1, 1), grads)"]],
    [
      "clipped by a transformation of their own",
      ["grads, _ = optax.clip_by_global_norm(1.0).update(grads, optax.EmptyState())"],
    ],
    [
      "clipped as a list",
      [
        "leaves, tree = jax.tree.flatten(grads)",
        "leaves = [jnp.clip(leaf, -1, 1) for leaf in leaves]",
        "grads = jax.tree.unflatten(tree, leaves)",
      ],
    ],
  ];
  it.each(bounded)("are left alone if %s", (_, between) => {
    expect(missing(script("tx = optax.adam(1e-3)", between))).toEqual([]);
  });
});

describe("updates that don't look like one", () => {
  const reported: [string, string, string][] = [
    [
      "functions unpacked from the optimizer",
      `import jax, optax
init, step = optax.adam(1e-3)
grads = jax.grad(loss)(params)
updates, state = step(grads, init(params))
`,
      "4:missing-clipping",
    ],
    [
      "the method under a name of its own",
      `import jax, optax
tx = optax.adam(1e-3)
update = jax.jit(tx.update)
grads = jax.grad(loss)(params)
updates, state = update(grads, tx.init(params))
`,
      "5:missing-clipping",
    ],
    [
      "JAX's own optimizers",
      `import jax
from jax.example_libraries import optimizers
opt_init, opt_update, get_params = optimizers.adam(1e-3)

def step(i, state, batch):
    g = jax.grad(loss)(get_params(state), batch)
    return opt_update(i, g, state)
`,
      "7:missing-clipping",
    ],
    [
      "a decorated gradient function",
      `import functools, jax, optax
tx = optax.adam(1e-3)

@functools.partial(jax.value_and_grad, has_aux=True)
def loss(params, x):
    return (params * x).sum(), x

def step(params, state, x):
    (value, aux), grads = loss(params, x)
    return tx.update(grads, state)
`,
      "10:missing-clipping",
    ],
    [
      "gradients summed up by a scan",
      `import jax, jax.numpy as jnp, optax
tx = optax.adam(1e-3)

def step(params, state, batches):
    def body(total, batch):
        g = jax.grad(loss)(params, batch)
        return jax.tree.map(jnp.add, total, g), None
    grads, _ = jax.lax.scan(body, jax.tree.map(jnp.zeros_like, params), batches)
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates)
`,
      "9:missing-clipping",
    ],
    [
      "a step inside a scan",
      `import jax, optax
tx = optax.adam(1e-3)

def body(carry, batch):
    params, state = carry
    grads = jax.grad(loss)(params, batch)
    updates, state = tx.update(grads, state, params)
    return (optax.apply_updates(params, updates), state), None

carry, _ = jax.lax.scan(body, (params, tx.init(params)), batches)
`,
      "7:missing-clipping",
    ],
    [
      "Equinox",
      `import equinox as eqx, optax
tx = optax.adam(1e-3)

@eqx.filter_jit
def step(model, state, x):
    loss, grads = eqx.filter_value_and_grad(compute)(model, x)
    updates, state = tx.update(grads, state, eqx.filter(model, eqx.is_array))
    return eqx.apply_updates(model, updates), state
`,
      "7:missing-clipping",
    ],
    [
      "Haiku",
      `import haiku as hk, jax, optax
net = hk.without_apply_rng(hk.transform(forward))
tx = optax.sgd(0.1)

def step(params, state, batch):
    grads = jax.grad(lambda p: net.apply(p, batch).sum())(params)
    updates, state = tx.update(grads, state)
    return optax.apply_updates(params, updates), state
`,
      "7:missing-clipping",
    ],
  ];
  it.each(reported)("%s", (_, text, place) => {
    expect(places(text)).toEqual([place]);
  });

  const silent: [string, string][] = [
    [
      "a dictionary of metrics",
      `import jax, optax
grads = jax.grad(loss)(params)
metrics = {}
metrics.update(grads)
metrics.update(loss=1.0)
`,
    ],
    [
      "norms that are logged",
      `import jax, optax
def step(params, batch):
    (loss, logs), grads = jax.value_and_grad(f, has_aux=True)(params, batch)
    logs.update({"norm": optax.global_norm(grads)})
    return logs
`,
    ],
    [
      "gradients that nothing here takes",
      `import jax, optax
def gradients(params, batch):
    return jax.grad(loss)(params, batch)
`,
    ],
    [
      "an optimizer that is handed in",
      `import jax, optax
def step(tx: optax.GradientTransformation, params, state, batch):
    grads = jax.grad(loss)(params, batch)
    return tx.update(grads, state, params)
`,
    ],
  ];
  it.each(silent)("is silent about %s", (_, text) => {
    expect(places(text)).toEqual([]);
  });

  it("reports one finding where the update and its application are two statements, with both ends related", () => {
    const [finding, ...others] = lint(script("tx = optax.adam(1e-3)"));
    expect(others).toEqual([]);
    expect(finding?.related.map(({ message }) => message)).toEqual([
      "The optimizer is built here",
      "The gradients come from here",
    ]);
  });
});

describe("the fix", () => {
  const fixes: [string, string, string][] = [
    ["wraps an alias", "tx = optax.adam(1e-3)", "tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))"],
    [
      "comes first in a chain",
      "tx = optax.chain(optax.scale_by_adam(), optax.scale(-1e-3))",
      "tx = optax.chain(optax.clip_by_global_norm(1.0), optax.scale_by_adam(), optax.scale(-1e-3))",
    ],
    [
      "takes a line of its own where the links do",
      "tx = optax.chain(\n    optax.scale_by_adam(),\n    optax.scale(-1e-3),\n)",
      "tx = optax.chain(\n    optax.clip_by_global_norm(1.0),\n    optax.scale_by_adam(),\n    optax.scale(-1e-3),\n)",
    ],
    [
      "clips what MultiSteps has summed up",
      "tx = optax.MultiSteps(optax.adamw(1e-3), 4)",
      "tx = optax.MultiSteps(optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1e-3)), 4)",
    ],
    [
      "clips by the norm of all groups",
      'tx = optax.multi_transform({"a": optax.adam(1e-3), "b": optax.sgd(1)}, labels)',
      'tx = optax.chain(optax.clip_by_global_norm(1.0), optax.multi_transform({"a": optax.adam(1e-3), "b": optax.sgd(1)}, labels))',
    ],
    [
      "stands before links in a list",
      "links = [optax.adam(1e-3)]\ntx = optax.chain(*links)",
      "links = [optax.adam(1e-3)]\ntx = optax.chain(optax.clip_by_global_norm(1.0), *links)",
    ],
  ];
  it.each(fixes)("%s", (_, before, after) => {
    const fixed = fixAll(script(before));
    expect(fixed).toBe(script(after));
    expect(parses(fixed)).toBe(true);
    expect(missing(fixed)).toEqual([]);
  });

  it("is spelled as the file imports Optax", () => {
    const text = script("tx = ox.adam(1e-3)").replace("import optax", "import optax as ox").replace(" optax.", " ox.");
    expect(fixAll(text)).toContain("tx = ox.chain(ox.clip_by_global_norm(1.0), ox.adam(1e-3))");
    const named = script("tx = adam(1e-3)").replace(
      "import optax",
      "from optax import adam, chain, clip_by_global_norm",
    );
    expect(fixAll(named)).toContain("tx = chain(clip_by_global_norm(1.0), adam(1e-3))");
  });

  it("is none where the state's layout is part of what was asked for", () => {
    const [finding] = lint(script("tx = optax.inject_hyperparams(optax.adam)(learning_rate=1e-3)"));
    expect(finding?.fix).toBeNull();
  });
});

it("follows an update that is handed in under a name of its own, after a backward pass in two steps", () => {
  const text = (tx: string) => `import jax, optax

def learner(advance):
    def one(params, state, batch):
        slope = jax.value_and_grad(loss)
        value, grads = slope(params, batch)
        updates, state = advance(grads, state, params)
        return optax.apply_updates(params, updates), state

    def all(params, state):
        for batch in data:
            params, state = one(params, state, batch)
        return params

    return jax.jit(all)

tx = ${tx}
run = learner(tx.update)
`;
  expect(places(text("optax.adam(1e-3)"))).toEqual(["7:missing-clipping"]);
  expect(places(text("optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))"))).toEqual([]);
});

describe("gradients that a configuration has to do with", () => {
  const within = (value: string) => `from ml_collections import ConfigDict
data = ConfigDict(dict(classes=10, names=("a", "b"), limit=jnp.minimum(1.0, scale)))
model = ConfigDict(dict(classes=data.classes, axis="batch", scale=jnp.minimum(1.0, 1.0 / norm)))
config = ConfigDict(dict(model=model, data=data, steps=4, axis=model.axis, scale=${value}))
tx = optax.adam(1e-3)`;

  it.each([
    ["averaged over its axis", "jax.lax.pmean(g, axis_name=config.axis)"],
    ["divided by its count", "g / config.steps"],
    ["divided by one that lies deeper", "g / config.model.classes"],
  ])("are unclipped if %s", (_, given) => {
    const between = [`grads = jax.tree.map(lambda g: ${given}, grads)`];
    expect(missing(script(within("1.0"), between))).toHaveLength(1);
  });

  it("may be clipped by what isn't one", () => {
    const between = ["grads = jax.tree.map(lambda g: g * jnp.minimum(1.0, config.scale).T, grads)"];
    expect(missing(script(within("1.0"), between))).toEqual([]);
  });
});

describe("a transformation of the script's own", () => {
  const own = (body: string, before = "") => `${before}
def init(params):
    return ()


def update(updates, state, params=None):
${body}


tx = optax.chain(optax.GradientTransformation(init, update), optax.adam(1e-3))`;
  const returned = (value: string) => `    return ${value}, state`;

  it.each([
    ["zeroes what it is given", own(returned("jax.tree.map(jnp.zeros_like, updates)"))],
    ["scales it", own(returned("jax.tree.map(lambda g: -0.1 * g.astype(jnp.float32), updates)"))],
    [
      "calls what can be seen",
      own(returned("halved(updates)"), "def halved(tree):\n    return jax.tree.map(lambda g: g / 2, tree)\n"),
    ],
    [
      "is one of a group",
      own(returned("jax.tree.map(jnp.zeros_like, updates)")).replace(
        /optax.chain.*/,
        'optax.multi_transform({"a": optax.adam(1), "b": optax.GradientTransformation(init, update)}, labels)',
      ),
    ],
    ["is the whole optimizer", own(returned("updates")).replace(/optax.chain\(|, optax.adam.*/g, "")],
    ["keeps no state", "tx = optax.chain(optax.stateless(lambda g, p: g), optax.adam(1e-3))"],
  ])("leaves an optimizer unclipped where it %s", (_, tx) => {
    expect(missing(script(tx))).toHaveLength(1);
    expect(missing(fixAll(script(tx)))).toEqual([]);
  });

  it.each([
    ["clips", own(returned("jax.tree.map(lambda g: jnp.clip(g, -1, 1), updates)"))],
    [
      "calls what clips",
      own(returned("limited(updates)"), "def limited(tree):\n    return jax.tree.map(lambda g: jnp.tanh(g), tree)\n"),
    ],
    [
      "maps what clips",
      own(returned("jax.tree.map(limited, updates)"), "def limited(g):\n    return jnp.clip(g, -1, 1)\n"),
    ],
    ["calls what can't be seen", own(returned("limited(updates)"), "from limits import limited")],
    ["calls what it is given", own(returned("params(updates)"))],
    ["hands them to another", own("    updates, state = inner.update(updates, state)\n    return updates, state")],
    ["can't be seen", "tx = optax.chain(optax.stateless(given), optax.adam(1e-3))"],
  ])("may clip where it %s", (_, tx) => expect(missing(script(tx))).toEqual([]));

  it("may clip where it is called by hand", () => {
    const tx = `${own(returned("jax.tree.map(lambda g: jnp.clip(g, -1, 1), updates)")).replace(/tx = .*/, "")}
limit = optax.GradientTransformation(init, update)
tx = optax.adam(1e-3)`;
    expect(missing(script(tx, ["grads, _ = limit.update(grads, ())"]))).toEqual([]);
  });
});

it.each([
  ["that holds itself", ["held = [grads]", "held.append(held)", "updates, state = tx.update(held, state)"]],
  [
    "whose parts hold one another",
    [
      "held, pairs = [grads], [(grads, 1)]",
      "for g, n in pairs:",
      "    pairs.append((g, held))",
      "    held.append((pairs, n))",
      "updates, state = tx.update(held, state)",
    ],
  ],
])("gradients are looked for in a list %s without end", (_, between) => {
  expect(missing(script("tx = optax.adam(1e-3)", between)).length).toBeGreaterThan(0);
});
