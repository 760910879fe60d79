import { clipsOf } from "../facts/derived/order.ts";
import type { ClipEvent, OptimizerRef } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Scope } from "../facts/names/scope.ts";
import type { TextEdit } from "../finding.ts";
import { spell } from "../fixes/imports.ts";
import type { Framework } from "../frameworks/framework.ts";
import { type Argument, type Call, type Expression, rangeOf } from "../syntax/ast.ts";
import type { Reported, Rule } from "./rule.ts";

const documentation = `
## What it finds
Clipping of each variable by a norm of its own, where the framework can clip by the global norm: Keras' \`clipnorm\`,
\`tf.clip_by_norm\` for one gradient after the other, PaddlePaddle's \`ClipGradByNorm\`.

## Why it is bad
Papers and recipes give thresholds for the norm of the whole gradient. Clipped one by one, large variables are scaled
down and small ones are not, so that the update points elsewhere than the gradient does; and the norm of the whole can
still be the threshold times the root of the number of variables. It is information, since some recipes were tuned with it.

## Examples
Wrong:
\`\`\`python
import keras

model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(clipnorm=1.0), loss="mse")
model.fit([[0.0]], [[0.0]])
\`\`\`

Right:
\`\`\`python
import keras

model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(global_clipnorm=1.0), loss="mse")
model.fit([[0.0]], [[0.0]])
\`\`\`

## Fix
Unsafe: clips by the global norm, at the same threshold (\`global_clipnorm\` needs TensorFlow 2.4 or Keras 3).

## When it is silent
Optimizers that are given \`lr\`, as before TensorFlow 2.4, where there is no other norm to clip by.

## Sources
- Keras: [optimizers](https://keras.io/api/optimizers/): "the gradient of each weight is individually clipped"
- TensorFlow: [\`tf.clip_by_global_norm\`](https://www.tensorflow.org/api_docs/python/tf/clip_by_global_norm)
`;

export const perVariableNorm: Rule = {
  name: "per-variable-norm",
  title: "Each variable is clipped by a norm of its own",
  defaultSeverity: "information",
  since: "0.1.0",
  frameworks: ["Keras", "TensorFlow", "PaddlePaddle"],
  documentation,
  *check(facts) {
    const reported = new Set<object>();
    for (const update of facts.updates) {
      const { optimizer, framework } = update.step;
      for (const { argument, keyword } of settingsOf(optimizer, framework)) {
        if (reported.has(argument)) continue;
        reported.add(argument);
        const { start } = rangeOf(argument);
        const end = start + (argument.keyword ?? "").length;
        yield finding(argument, `\`${argument.keyword}\``, [{ range: { start, end }, newText: keyword }]);
      }
      for (const { kind, object, scope } of optimizer.configured) {
        if (kind !== "per-variable-norm" || !object || reported.has(object)) continue;
        if (!facts.values.imports.isHere(scope)) continue;
        reported.add(object);
        const name = `\`${sourceOf(facts, object.callee)}\``;
        yield finding(object.callee, name, byGlobalNorm(facts, optimizer, framework, object, scope));
      }
      for (const clip of clipsOf(facts, update)) {
        if (clip.how !== "per-variable-norm" || !clip.gradients || reported.has(clip.node)) continue;
        reported.add(clip.node);
        const name = clip.call ? `\`${sourceOf(facts, clip.call.callee)}\`` : "This";
        yield finding(clip.node, name, togetherInstead(facts, clip));
      }
    }
  },
};

function finding(at: Argument | Expression, name: string, edits: TextEdit[] | null): Reported {
  return {
    severity: "information",
    message: `${name} clips each variable by its own norm, not the whole gradient by its global norm.`,
    range: rangeOf(at),
    related: [],
    fix: edits && { applicability: "unsafe", title: "Clip by the global norm", edits },
  };
}

/** Arguments for the norm of each variable, with the one for the global norm that the constructor takes as well. */
function settingsOf({ constructors, configured }: OptimizerRef, { settings = [], spelling }: Framework) {
  if (spelling?.place !== "argument") return [];
  const told = new Set(configured.flatMap((c) => (c.kind === "per-variable-norm" && !c.off ? [c.threshold] : [])));
  return constructors.flatMap(({ call, name }) => {
    const given = call.arguments.flatMap(({ keyword }) => keyword ?? []);
    const keyword = spelling.keyword(name, given);
    const isGlobal = settings.some((s) => s.kind === "norm" && s.threshold.keyword === keyword && s.on.test(name));
    if (!keyword || !isGlobal || given.includes(keyword)) return [];
    return call.arguments.flatMap((argument) =>
      argument.keyword && told.has(argument.value) ? [{ argument, keyword }] : [],
    );
  });
}

/** `ClipGradByNorm(1.0)` becomes `ClipGradByGlobalNorm(1.0)`, where the optimizer is of the generation that has it. */
function byGlobalNorm(
  facts: Facts,
  { constructors }: OptimizerRef,
  { spelling }: Framework,
  { callee }: Call,
  scope: Scope,
): TextEdit[] | null {
  if (spelling?.place !== "argument" || typeof spelling.object !== "string") return null;
  if (!constructors.every(({ name }) => spelling.keyword(name, []))) return null;
  const spelled = spell(facts, spelling.object, scope);
  if (!spelled) return null;
  return [...(spelled.edit ? [spelled.edit] : []), { range: rangeOf(callee), newText: spelled.name }];
}

/** `[tf.clip_by_norm(g, 1.0) for g in grads]` becomes `tf.clip_by_global_norm(grads, 1.0)[0]`. */
function togetherInstead(facts: Facts, { call, threshold, statement, framework, scope }: ClipEvent): TextEdit[] | null {
  const { spelling } = framework;
  const value = statement.kind === "assign" ? statement.value : null;
  if (spelling?.place !== "gradients" || typeof spelling.function !== "string") return null;
  if (call?.callee.kind !== "attribute" || !threshold) return null;
  if (value?.kind !== "comprehension" || value.type !== "list" || value.element !== call) return null;
  const [clause, another] = value.clauses;
  const [given] = call.arguments;
  if (!clause || another || clause.conditions.length > 0 || scope.kind !== "comprehension") return null;
  if (clause.target.kind !== "name" || given?.value.kind !== "name" || given.value.id !== clause.target.id) return null;
  const name = `${sourceOf(facts, call.callee.object)}.${spelling.function.split(".").at(-1)}`;
  const written = `${name}(${sourceOf(facts, clause.iterable)}, ${sourceOf(facts, threshold)})`;
  return [{ range: rangeOf(value), newText: spelling.returnsNorm ? `${written}[0]` : written }];
}
