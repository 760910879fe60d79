import { describe, expect, it } from "vitest";
import { fixAll, parses, places } from "../../../test/analysis/analyser.ts";

const script = (tx: string) => `import jax
import optax

${tx}
state = tx.init(params)
grads = jax.grad(loss_fn)(params)
updates, state = tx.update(grads, state, params)
`;

describe("reports a clip of the update", () => {
  it.each([
    ["after an alias", "tx = optax.chain(optax.adam(1e-3), optax.clip_by_global_norm(1.0))", "4"],
    ["by value", "tx = optax.chain(optax.sgd(1e-3), optax.clip(1.0))", "4"],
    [
      "after the learning rate",
      "tx = optax.chain(optax.scale_by_adam(), optax.scale_by_learning_rate(1e-3), optax.clip_by_global_norm(1.0))",
      "4",
    ],
    ["after a nested chain", "tx = optax.chain(optax.chain(optax.adam(1e-3)), optax.clip_by_global_norm(1.0))", "4"],
    ["after an optimizer with a name", "inner = optax.adam(1e-3)\ntx = optax.chain(inner, optax.clip(1.0))", "5"],
    ["after a wrapped one", "tx = optax.chain(optax.masked(optax.adam(1), mask), optax.clip(1.0))", "4"],
  ])("%s", (_, tx, line) => {
    expect(places(script(tx))).toContain(`${line}:clip-after-optimizer`);
    expect(places(script(tx)).filter((place) => place.endsWith("missing-clipping"))).toEqual([]);
  });
});

describe("says nothing", () => {
  it.each([
    ["where the clip comes first", "tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))"],
    ["where gradients and update are clipped", "tx = optax.chain(optax.clip(1.0), optax.adam(1e-3), optax.clip(0.1))"],
    [
      "between preconditioning and the learning rate",
      "tx = optax.chain(optax.scale_by_factored_rms(), optax.clip_by_block_rms(1.0), optax.scale(-1e-3))",
    ],
    ["where a link can't be seen", "tx = optax.chain(links.first(config), optax.adam(1e-3), optax.clip(1.0))"],
    ["where it isn't known what comes first", "tx = optax.chain(*links, optax.clip(1.0))"],
    ["about an optimizer that updates nothing here", "other = optax.chain(optax.adam(1), optax.clip(1.0))\ntx = get()"],
  ])("%s", (_, tx) => {
    expect(places(script(tx)).filter((place) => place.endsWith("clip-after-optimizer"))).toEqual([]);
  });
});

it("bears an optimizer that is put around itself", () => {
  const text = `import jax
import optax


class Agent(Base):
    def __init__(self, decay):
        super().__init__()
        if decay > 0:
            self.tx = optax.chain(optax.add_decayed_weights(decay), self.tx, optax.clip(1.0))

    def learn(self):
        grads = jax.grad(loss_fn)(self.params)
        updates, self.state = self.tx.update(grads, self.state)
        self.params = optax.apply_updates(self.params, updates)
`;
  expect(places(text)).toEqual([]);
});

describe("moves the clip to the front", () => {
  it.each([
    [
      "on one line",
      "tx = optax.chain(optax.add_decayed_weights(1e-4), optax.adam(1e-3), optax.clip_by_global_norm(1.0))",
      "tx = optax.chain(optax.clip_by_global_norm(1.0), optax.add_decayed_weights(1e-4), optax.adam(1e-3))",
    ],
    [
      "on lines of their own",
      "tx = optax.chain(\n    optax.adam(1e-3),\n    optax.clip_by_global_norm(1.0),\n)",
      "tx = optax.chain(\n    optax.clip_by_global_norm(1.0),\n    optax.adam(1e-3),\n)",
    ],
  ])("%s", (_, before, after) => {
    expect(fixAll(script(before))).toBe(script(after));
    expect(parses(script(after))).toBe(true);
    expect(places(script(after))).toEqual([]);
  });

  it("but not over a comment", () => {
    const text = script(
      "tx = optax.chain(\n    optax.adam(1e-3),  # the rate of the paper\n    optax.clip_by_global_norm(1.0),\n)",
    );
    expect(fixAll(text)).toBe(text);
  });
});
