import { discardedClips } from "../facts/derived/discarded-clips.ts";
import type { ClipEvent, UpdateSite } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import { copiesGrad } from "../facts/names/by-hand.ts";
import type { Part } from "../facts/names/part.ts";
import type { Scope } from "../facts/names/scope.ts";
import { once } from "../facts/once.ts";
import type { Fix, TextEdit } from "../finding.ts";
import { plainGradients } from "../fixes/replace-gradients.ts";
import { type Expression, rangeOf } from "../syntax/ast.ts";
import type { Reported, Rule } from "./rule.ts";

const documentation = `
## What it finds
A clip that returns the clipped gradients, beside an update that is given the unclipped ones; \`p.grad.clamp(-1, 1)\`
without the underscore, as a statement of its own.

## Why it is bad
\`tf.clip_by_global_norm\` and its like change nothing in place. What they return is all that they do: thrown away, or
left in a variable that the update doesn't use, it has no effect.

## Examples
Wrong:
\`\`\`python
import tensorflow as tf

weights = [tf.Variable([1.0, 2.0])]
optimizer = tf.keras.optimizers.SGD(0.1)

for x in tf.data.Dataset.range(8):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(weights[0] ** 2)
    gradients = tape.gradient(loss, weights)
    clipped, norm = tf.clip_by_global_norm(gradients, 1.0)
    optimizer.apply_gradients(zip(gradients, weights))
\`\`\`

Right:
\`\`\`python
import tensorflow as tf

weights = [tf.Variable([1.0, 2.0])]
optimizer = tf.keras.optimizers.SGD(0.1)

for x in tf.data.Dataset.range(8):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(weights[0] ** 2)
    gradients = tape.gradient(loss, weights)
    clipped, norm = tf.clip_by_global_norm(gradients, 1.0)
    optimizer.apply_gradients(zip(clipped, weights))
\`\`\`

## Fix
Unsafe: the update is given the clipped gradients, or the clip begins to act in place.

## When it is silent
\`_, norm = …\`, which asks for the norm alone; gradients that an update gets from where they can't be followed.

## Sources
- PyTorch: [in-place operations](https://docs.pytorch.org/docs/stable/tensors.html)
- TensorFlow: [\`tf.clip_by_global_norm\`](https://www.tensorflow.org/api_docs/python/tf/clip_by_global_norm)
`;

export const discardedClipResult: Rule = {
  name: "discarded-clip-result",
  title: "The clipped gradients are not the ones that are applied",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "TensorFlow", "Keras"],
  documentation,
  *check(facts) {
    yield* copies(facts);
    for (const { clip, updates } of discardedClips(facts))
      yield {
        severity: "warning",
        message: `This clip has no effect: the update is given the unclipped gradients${said(facts, clip)}.`,
        range: rangeOf(clip.node),
        related: updates.map(({ step }) => ({ range: rangeOf(step.node), message: "The update" })),
        fix: fix(clip, updates),
      };
  },
};

/** `p.grad.clamp(…)` as a statement. */
function* copies(facts: Facts): Iterable<Reported> {
  for (const part of facts.names.parts)
    for (const { call, callee } of copiesIn(part)) {
      const { end } = rangeOf(callee);
      yield {
        severity: "warning",
        message: `\`${sourceOf(facts, callee)}\` returns a clipped copy and changes nothing, and nothing takes the copy.`,
        range: rangeOf(call),
        related: [],
        fix: {
          applicability: "unsafe",
          title: "Clip in place",
          edits: [{ range: { start: end, end }, newText: "_" }],
        },
      };
    }
}

const copiesIn = once(({ calls }: Part) =>
  [...calls.values()].flat().flatMap(({ call, statement }) => {
    const callee = statement.kind === "expression" && statement.value === call ? copiesGrad(call) : null;
    return callee ? [{ call, callee }] : [];
  }),
);

function said(facts: Facts, { gradients }: ClipEvent): string {
  return gradients?.node.kind === "name" ? ` \`${sourceOf(facts, gradients.node)}\`` : "";
}

function fix(clip: ClipEvent, [update, another]: readonly UpdateSite[]): Fix | null {
  // A clip in a function of its own needs more than another name.
  if (!update || another || update.step.scope !== clip.scope.home) return null;
  const edit = keepResult(clip) ?? applyResult(clip, update);
  return edit && { applicability: "unsafe", title: "Apply the clipped gradients", edits: [edit] };
}

/** `clip(gradients)` alone becomes `gradients, _ = clip(gradients)`. */
function keepResult({ statement, call, gradients, returnsNorm, scope }: ClipEvent): TextEdit | null {
  if (statement.kind !== "expression" || statement.value !== call || gradients?.node.kind !== "name") return null;
  if (isElement(scope, gradients.node.id)) return null;
  const { start } = rangeOf(call);
  return { range: { start, end: start }, newText: `${gradients.node.id}${returnsNorm ? ", _" : ""} = ` };
}

/** The update is given the name that the clipped gradients have. */
function applyResult(clip: ClipEvent, { step }: UpdateSite): TextEdit | null {
  const { statement, gradients, scope } = clip;
  const name = resultName(clip);
  const given = plainGradients(step);
  if (!name || given?.node.kind !== "name" || gradients?.node.kind !== "name") return null;
  if (scope.kind !== "comprehension" && isElement(scope, gradients.node.id)) return null;
  if (rangeOf(given.node).start < rangeOf(statement).end) return null;
  return { range: rangeOf(given.node), newText: name };
}

/** One of several gradients: a loop's variable. */
const isElement = (scope: Scope, name: string) =>
  scope.lookup(name)?.bindings.some(({ kind }) => kind !== "value") === true;

function resultName({ statement, call, returnsNorm }: ClipEvent): string | null {
  const [target, another] = statement.kind === "assign" ? statement.targets : [];
  if (statement.kind !== "assign" || !target || another || !statement.value || !call) return null;
  if (!isResult(statement.value, call, returnsNorm)) return null;
  const taken = returnsNorm && target.kind === "sequence" ? target.elements[0] : target;
  const plain = returnsNorm === (target.kind === "sequence") || statement.value !== call;
  return plain && taken?.kind === "name" ? taken.id : null;
}

/** The clip itself, or one element by one. */
function isResult(value: Expression, call: Expression, returnsNorm: boolean): boolean {
  if (value === call) return true;
  if (value.kind === "subscript") return returnsNorm && value.object === call;
  return value.kind === "comprehension" && value.type === "list" && value.element === call;
}
