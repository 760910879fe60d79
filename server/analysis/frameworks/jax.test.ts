import { describe, expect, it } from "vitest";
import { places } from "../../../test/analysis/analyser.ts";

const PLAIN = "optax.adam(1e-3)";
const CLIPS = "optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))";

/** A training whose state is made outside the function that JAX runs, and handed to it. */
const script = (loop: string) => `import jax
import optax
from flax.training.train_state import TrainState

def train(key, batches):
    state = TrainState.create(apply_fn=net.apply, params=net.init(key), tx=${PLAIN})
${loop.replace(/^(?=.)/gm, "    ")}
`;

const UPDATE = `grads = jax.grad(loss)(state.params, batch)
state = state.apply_gradients(grads=grads)`.replaceAll("\n", "\n    ");

describe("the state that a loop carries is what it is given", () => {
  it.each<[string, string]>([
    [
      "by a scan",
      `def body(state, batch):
    ${UPDATE}
    return state, None
return jax.lax.scan(body, state, batches)`,
    ],
    [
      "as a part of what a scan carries",
      `def body(carry, batch):
    state, key = carry
    ${UPDATE}
    return (state, key), None
return jax.lax.scan(body, init=(state, key), xs=batches)`,
    ],
    [
      "by a counting loop",
      `def body(i, state):
    batch = batches[i]
    ${UPDATE}
    return state
return jax.lax.fori_loop(0, 100, body, state)`,
    ],
    [
      "by a loop with a condition",
      `def body(state):
    batch = next(batches)
    ${UPDATE}
    return state
return jax.lax.while_loop(lambda state: state.step < 100, body, state)`,
    ],
    [
      "by a branch",
      `def update(state, batch):
    ${UPDATE}
    return state
def keep(state, batch):
    return state
return jax.lax.cond(ready, update, keep, state, batches[0])`,
    ],
    [
      "by a scan in a scan",
      `def epoch(carry, _):
    def body(state, batch):
        ${UPDATE.replaceAll("\n", "\n    ")}
        return state, None
    state, key = carry
    state, _ = jax.lax.scan(body, state, batches)
    return (state, key), None
return jax.lax.scan(epoch, (state, key), None, 4)`,
    ],
  ])("%s", (_, loop) => {
    const text = script(loop);
    const line = text.slice(0, text.indexOf("state.apply_gradients")).split("\n").length;
    expect(places(text)).toEqual([`${line}:missing-clipping`]);
    expect(places(text.replace(PLAIN, CLIPS))).toEqual([]);
  });

  it("and clips what it clips in its body", () => {
    const loop = `def body(state, batch):
    grads = jax.grad(loss)(state.params, batch)
    grads, _ = optax.clip_by_global_norm(1.0).update(grads, optax.EmptyState())
    return state.apply_gradients(grads=grads), None
return jax.lax.scan(body, state, batches)`;
    expect(places(script(loop))).toEqual([]);
    expect(places(script(loop.replace(/^.*clip_by.*\n/m, "")))).toEqual(["9:missing-clipping"]);
  });

  it("and unknown where that is", () => {
    const loop = `def body(state, batch):
    ${UPDATE}
    return state, None
return jax.lax.scan(body, start, batches)`;
    expect(places(script(loop).replace("def train(key,", "def train(start,"))).toEqual([]);
  });
});

describe("a step that is written by hand", () => {
  const script = (update: string, more = "") => `import jax
import jax.numpy as jnp
rate = 0.1

def cost(weights, batch):
    return jnp.mean((batch @ weights["w"]) ** 2)

def improve(weights, batch):
    slopes = jax.grad(cost)(weights, batch)
    ${update}
${more}`;

  it.each([
    ["a lambda", "return jax.tree.map(lambda w, s: w - rate * s, weights, slopes)"],
    ["the rate behind", "return jax.tree_util.tree_map(lambda w, s: w - s * 0.1, weights, slopes)"],
    ["an older name", "return jax.tree_multimap(lambda w, s: w - rate * s, weights, slopes)"],
    ["no rate at all", "return jax.tree.map(lambda w, s: w - s, weights, slopes)"],
  ])("is an update: %s", (_, update) => expect(places(script(update))).toEqual(["10:missing-clipping"]));

  it.each([
    ["what is subtracted may clip", "return jax.tree.map(lambda w, s: w - limit(s), weights, slopes)"],
    ["a factor is worked out", "return jax.tree.map(lambda w, s: w - rate / norm(slopes) * s, weights, slopes)"],
    ["they are clipped", "return jax.tree.map(lambda w, s: w - rate * jnp.clip(s, -1, 1), weights, slopes)"],
    ["something else is subtracted", "return jax.tree.map(lambda w, s: w - rate * s, weights, average)"],
    ["they are only looked at", "return jax.tree.map(lambda w, s: w * s, weights, slopes)"],
  ])("is left alone where %s", (_, update) => expect(places(script(update))).toEqual([]));

  it("is none where a loss is taken after it", () => {
    const update = "return jax.tree.map(lambda w, s: w - rate * s, weights, slopes)";
    const loss = "def adapted(weights, batch):\n    return cost(improve(weights, batch), batch)\n";
    expect(places(script(update, loss))).toEqual(["10:missing-clipping"]);
    expect(places(script(update, `${loss}outer = jax.grad(adapted)(start, batch)\n`))).toEqual([]);
    const lambda = "outer = jax.value_and_grad(lambda w: cost(improve(w, batch), batch))(start)\n";
    expect(places(script(update, lambda))).toEqual([]);
  });
});
