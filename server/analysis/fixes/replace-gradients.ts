/** Clipping by a function that returns clipped gradients, between the gradients and the update that is given them. */
import type { Seen, StepEvent } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import type { GradientSpelling } from "../frameworks/framework.ts";
import { rangeOf, type Statement } from "../syntax/ast.ts";
import { lastPart } from "../syntax/call.ts";
import { spell } from "./imports.ts";
import { insertBefore } from "./layout.ts";

interface Place extends Seen {
  readonly statement: Statement;
}

export function replaceGradients(
  facts: Facts,
  step: StepEvent,
  spelling: GradientSpelling,
  threshold: string,
): TextEdit[] | null {
  const place = plainGradients(step);
  const spelled = place && spell(facts, spelling.function, step.scope);
  if (!place || !spelled) return null;
  const imports = spelled.edit ? [spelled.edit] : [];
  const given = sourceOf(facts, place.node);
  const call =
    spelling.write?.({ function: spelled.name, gradients: given, threshold }) ??
    `${spelled.name}(${given}, ${threshold})`;
  if (place.node.kind === "name" || place.node.kind === "attribute") {
    const line = spelling.returnsNorm ? `${given}, _ = ${call}` : `${given} = ${call}`;
    const edit = insertBefore(facts.text, place.statement, [line]);
    if (edit) return [...imports, edit];
  }
  return [...imports, { range: rangeOf(place.node), newText: spelling.returnsNorm ? `${call}[0]` : call }];
}

/** Where an update's gradients are written by themselves. */
export function plainGradients({ gradients, statement }: StepEvent): Place | null {
  if (!gradients) return null;
  return gradients.shape === "pairs" ? withoutVariables(gradients, statement) : { ...gradients, statement };
}

/** The gradients without their variables: the argument itself, or what was zipped with them. */
function withoutVariables({ node, frame, scope }: Seen, statement: Statement): Place | null {
  if (node.kind === "call") {
    const [first] = node.arguments;
    if (first?.stars !== 0) return null;
    const inner = { node: first.value, frame, scope };
    const name = lastPart(node.callee);
    if (name === "zip") return { ...inner, statement };
    return name === "list" || name === "tuple" ? withoutVariables(inner, statement) : null;
  }
  const found = node.kind === "name" ? scope.lookup(node.id) : null;
  const [only, another] = found?.bindings ?? [];
  if (only?.kind !== "value" || another || only.path.length > 0 || only.scope !== scope || !only.statement) return null;
  return withoutVariables({ node: only.value, frame, scope }, only.statement);
}
