import { type Chain, chainsOf, type Link } from "../facts/derived/links.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Fix } from "../finding.ts";
import { prependArgument } from "../fixes/append.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A chain of transformations in which clipping comes after the optimizer.

## Why it is bad
What comes after the optimizer gets its update: gradients that were normalised and multiplied by the learning rate. With a
rate of 0.001 a threshold of 1.0 is then never reached, and gradients that are out of all proportion go into the optimizer's
averages unclipped.

## Examples
Wrong:
\`\`\`python
import jax
import optax

tx = optax.chain(optax.adam(1e-3), optax.clip_by_global_norm(1.0))


def train_step(params, state, batch):
    grads = jax.grad(loss_fn)(params, batch)
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state
\`\`\`

Right:
\`\`\`python
import jax
import optax

tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))


def train_step(params, state, batch):
    grads = jax.grad(loss_fn)(params, batch)
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state
\`\`\`

## Fix
Unsafe: the clip becomes the first link, and so clips gradients.

## When it is silent
A chain that clips the gradients as well: the second clip is for the update. Clipping between \`scale_by_*\` and the
learning rate, as Adafactor does it.

## Sources
- Optax: [\`chain\`](https://optax.readthedocs.io/en/latest/api/combining_optimizers.html) applies its arguments in order
`;

export const clipAfterOptimizer: Rule = {
  name: "clip-after-optimizer",
  title: "Clipping comes after the optimizer in a chain",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["Optax", "Flax"],
  documentation,
  *check(facts) {
    for (const chain of chainsOf(facts)) {
      const at = chain.links.findIndex(({ role }) => role === "optimizer");
      const optimizer = chain.links[at];
      if (!optimizer || chain.links.slice(0, at).some(isOrMayBeClip)) continue;
      for (const clip of chain.links.slice(at + 1).filter(({ role }) => role === "clip"))
        yield {
          severity: "warning",
          message: `\`${clip.name}\` comes after \`${optimizer.name}\` here, and clips its update instead of the gradients.`,
          range: rangeOf(clip.argument),
          related: [{ range: rangeOf(optimizer.argument), message: "The update is made here" }],
          fix: moveToFront(facts, chain, clip),
        };
    }
  },
};

/** What can't be seen may clip the gradients. */
function isOrMayBeClip({ role, name }: Link): boolean {
  return role === "clip" || (role === "other" && name === "");
}

function moveToFront(facts: Facts, { call }: Chain, { argument }: Link): Fix | null {
  const { text } = facts;
  const before = call.arguments[call.arguments.indexOf(argument) - 1];
  if (!before) return null;
  const range = { start: rangeOf(before).end, end: rangeOf(argument).end };
  const inserted = prependArgument(text, call, sourceOf(facts, argument.value));
  // A comment between the two would be lost.
  if (!inserted || text.slice(range.start, rangeOf(argument).start).includes("#")) return null;
  return {
    applicability: "unsafe",
    title: "Clip the gradients before the optimizer",
    edits: [inserted, { range, newText: "" }],
  };
}
