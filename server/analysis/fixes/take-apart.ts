/** Clipping between the gradients and the update, where one method makes both: `minimize` becomes the two that it calls. */
import type { StepEvent } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Scope } from "../facts/names/scope.ts";
import type { TextEdit } from "../finding.ts";
import type { ApartSpelling } from "../frameworks/spelling.ts";
import { type Call, childrenOf, type Expression, expressionsOf, rangeOf, type Statement } from "../syntax/ast.ts";
import { spell } from "./imports.ts";
import { insertBefore } from "./layout.ts";

export function takeApart(
  facts: Facts,
  step: StepEvent,
  spelling: ApartSpelling,
  threshold: string,
): TextEdit[] | null {
  const { node, statement, scope } = step;
  if (node.kind !== "call" || node.callee.kind !== "attribute" || !isAlwaysMade(statement, node)) return null;
  // A function that is given the optimizer (`optimize_loss`) has no such methods beside it.
  if (node.callee.object !== step.optimizer.node) return null;
  // A class of the workspace's own may have them take other arguments.
  const isLibrarys = (name: string) => facts.frameworks.some(({ optimizers }) => optimizers?.test(name));
  if (!step.optimizer.constructors.every(({ name }) => isLibrarys(name))) return null;
  // A comment among the arguments would be lost.
  if (sourceOf(facts, node).includes("#")) return null;
  const given = argumentsOf(facts, node, spelling);
  const optimizer = holderOf(facts, node.callee.object, scope);
  const spelled = spell(facts, spelling.function, scope);
  if (!given || !optimizer || !spelled) return null;
  const [gradients, variables] = [unusedName(scope, "gradients", "grads"), unusedName(scope, "variables", "weights")];
  const before = insertBefore(facts.text, statement, [
    ...optimizer.lines,
    `${gradients}, ${variables} = zip(*${optimizer.name}.${spelling.compute}(${given.computing.join(", ")}))`,
    `${gradients}, _ = ${spelled.name}(${gradients}, ${threshold})`,
  ]);
  if (!before) return null;
  const applied = [`zip(${gradients}, ${variables})`, ...given.applying].join(", ");
  const update = { range: rangeOf(node), newText: `${optimizer.name}.${spelling.apply.method}(${applied})` };
  // Of two edits that meet, the first inserts: they are one.
  const edits =
    before.range.end === update.range.start
      ? [{ range: update.range, newText: before.newText + update.newText }]
      : [before, update];
  return spelled.edit ? [spelled.edit, ...edits] : edits;
}

/** Whenever the statement runs: neither in a function of its own, nor on one way through an expression. */
export function isAlwaysMade(statement: Statement, call: Call): boolean {
  const holds = (node: Expression): boolean =>
    node === call ||
    (!["lambda", "comprehension", "conditional", "binary"].includes(node.kind) && childrenOf(node).some(holds));
  return expressionsOf(statement).some(holds);
}

/** What the two methods are each given, as it was written. */
function argumentsOf(facts: Facts, { arguments: all }: Call, { parameters, apply }: ApartSpelling) {
  const computing: string[] = [];
  const applying: string[] = [];
  for (const [position, { keyword, stars, value }] of all.entries()) {
    const name = keyword ?? parameters[position];
    if (stars !== 0 || !name || !parameters.includes(name)) return null;
    const isFirst = keyword === null && position === 0;
    const written = isFirst ? sourceOf(facts, value) : `${name}=${sourceOf(facts, value)}`;
    if (apply.parameters.includes(name)) applying.push(written);
    else computing.push(written);
  }
  return { computing, applying };
}

/** A path to the optimizer that can be written twice, and what makes one of it. */
function holderOf(facts: Facts, node: Expression, scope: Scope): { name: string; lines: string[] } | null {
  const written = sourceOf(facts, node);
  if (/^[\w.]+$/.test(written)) return { name: written, lines: [] };
  // On lines that only brackets around it hold together.
  if (node.kind !== "call" || sourceOf(facts, node.callee).includes("\n")) return null;
  const name = unusedName(scope, "optimizer", "opt");
  return { name, lines: [`${name} = ${written}`] };
}

/** The first of some names that means nothing yet. */
export function unusedName(scope: Scope, ...wanted: readonly [string, ...string[]]): string {
  const numbered = Array.from({ length: 100 }, (_, index) => `${wanted[0]}_${index + 2}`);
  return [...wanted, ...numbered].find((name) => !scope.lookup(name)) ?? wanted[0];
}
