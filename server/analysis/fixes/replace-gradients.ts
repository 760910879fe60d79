/** Clipping by a function that returns clipped gradients, between the gradients and the update that is given them. */
import type { Seen, StepEvent } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import { usesExternal } from "../facts/names/external-names.ts";
import type { TextEdit } from "../finding.ts";
import type { GradientSpelling } from "../frameworks/spelling.ts";
import { childrenOf, type Expression, rangeOf, type Statement } from "../syntax/ast.ts";
import { argumentOf, lastPart } from "../syntax/call.ts";
import { defineHelper } from "./define-helper.ts";
import { type Spelled, spell } from "./imports.ts";
import { insertBefore } from "./layout.ts";
import { isAlwaysMade, unusedName } from "./take-apart.ts";

interface Place extends Seen {
  readonly statement: Statement;
  /** What stands beside them: the variables. */
  readonly beside: Expression | null;
}

export function replaceGradients(
  facts: Facts,
  step: StepEvent,
  spelling: GradientSpelling,
  threshold: string,
): TextEdit[] | null {
  const place = plainGradients(step);
  const pairs = place ? null : pairsGiven(facts, step);
  const { notWith, notBeside, notMentioning, write } = spelling;
  if (notWith && usesExternal(facts.names, notWith)) return null;
  if (notMentioning?.pattern.test(facts.text)) return null;
  if (notBeside && facts.names.calls.has(notBeside)) return null;
  const spelled = (place || pairs) && spellOrDefine(facts, spelling, step, threshold);
  if (!spelled) return null;
  const imports = spelled.edit ? [spelled.edit] : [];
  if (pairs && spelling.returnsNorm && !write) {
    const edits = clipOfPairs(facts, step, pairs, spelled.name, threshold);
    return edits && [...imports, ...edits];
  }
  if (!place) return null;
  const given = sourceOf(facts, place.node);
  const variables = variablesOf(facts, place);
  const call = write
    ? write({ function: spelled.name, gradients: given, variables, threshold })
    : `${spelled.name}(${given}, ${threshold})`;
  if (call === null) return null;
  if (place.node.kind === "name" || place.node.kind === "attribute") {
    const line = spelling.returnsNorm ? `${given}, _ = ${call}` : `${given} = ${call}`;
    const edit = insertBefore(facts.text, place.statement, [line]);
    if (edit) return [...imports, edit];
  }
  return [...imports, { range: rangeOf(place.node), newText: spelling.returnsNorm ? `${call}[0]` : call }];
}

/** `optimizer.apply_gradients(pairs)`, where they aren't zipped. A comment in them would be lost. */
function pairsGiven(facts: Facts, { node, statement, gradients }: StepEvent): Expression | null {
  if (node.kind !== "call" || gradients?.shape !== "pairs" || !isAlwaysMade(statement, node)) return null;
  const isGiven = node.arguments.some(({ value, stars }) => stars === 0 && value === gradients.node);
  return isGiven && !sourceOf(facts, gradients.node).includes("#") ? gradients.node : null;
}

/** The pairs are taken apart, and the clipped gradients are put together with the same variables. */
function clipOfPairs(
  facts: Facts,
  { statement, scope }: StepEvent,
  pairs: Expression,
  clip: string,
  threshold: string,
): TextEdit[] | null {
  const [gradients, variables] = [unusedName(scope, "gradients", "grads"), unusedName(scope, "variables", "weights")];
  const before = insertBefore(facts.text, statement, [
    `${gradients}, ${variables} = zip(*${sourceOf(facts, pairs)})`,
    `${gradients}, _ = ${clip}(${gradients}, ${threshold})`,
  ]);
  return before && [before, { range: rangeOf(pairs), newText: `zip(${gradients}, ${variables})` }];
}

function spellOrDefine(
  facts: Facts,
  { function: called }: GradientSpelling,
  { scope }: StepEvent,
  threshold: string,
): Spelled | null {
  return typeof called === "string" ? spell(facts, called, scope) : defineHelper(facts, called, scope, threshold);
}

/** Only what is no call: that may give something else the second time, or nothing. */
function variablesOf(facts: Facts, { beside }: Place): string | null {
  return beside && isRead(beside) ? sourceOf(facts, beside) : null;
}

const isRead = (node: Expression): boolean =>
  node.kind === "name" ||
  (node.kind === "attribute" && isRead(node.object)) ||
  (node.kind === "binary" && childrenOf(node).every(isRead));

/** Where an update's gradients are written by themselves. */
export function plainGradients({ gradients, statement, node }: StepEvent): Place | null {
  if (!gradients) return null;
  if (gradients.shape === "pairs") return withoutVariables(gradients, statement);
  // `optimizer.apply(gradients, variables)`, `optimizer.update(model, gradients)`
  const [first, second] = node.kind === "call" ? [argumentOf(node, 0, null), argumentOf(node, 1, null)] : [];
  const beside = second?.value === gradients.node ? first : second;
  return { ...gradients, statement, beside: beside?.stars === 0 ? beside.value : null };
}

/** The gradients without their variables: the argument itself, or what was zipped with them. */
function withoutVariables({ node, frame, scope }: Seen, statement: Statement): Place | null {
  if (node.kind === "call") {
    const [first, second] = node.arguments;
    if (first?.stars !== 0) return null;
    const inner = { node: first.value, frame, scope };
    const name = lastPart(node.callee);
    if (name === "zip") return { ...inner, statement, beside: second?.stars === 0 ? second.value : null };
    return name === "list" || name === "tuple" ? withoutVariables(inner, statement) : null;
  }
  const found = node.kind === "name" ? scope.lookup(node.id) : null;
  const [only, another] = found?.bindings ?? [];
  if (only?.kind !== "value" || another || only.path.length > 0 || only.scope !== scope || !only.statement) return null;
  return withoutVariables({ node: only.value, frame, scope }, only.statement);
}
