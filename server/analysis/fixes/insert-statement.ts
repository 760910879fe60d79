/** A statement that clips an optimizer's gradients between the backward pass and the update. */
import type { UpdateSite } from "../facts/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import { isUnscaled, lastBackward } from "../facts/order.ts";
import type { TextEdit } from "../finding.ts";
import type { StatementSpelling } from "../frameworks/framework.ts";
import { parametersOf } from "./expressions.ts";
import { spell } from "./imports.ts";
import { insertAfter, insertBefore, type Line } from "./layout.ts";

export function insertStatement(
  facts: Facts,
  site: UpdateSite,
  spelling: StatementSpelling,
  threshold: string,
): TextEdit[] | null {
  const { step } = site;
  const backward = lastBackward(site.paths);
  if (!backward) return null;
  // A closure is what the optimizer calls back, so the clip belongs inside, after the backward pass.
  const inside = backward.kind === "backward" && backward.inClosure;
  if (step.closure && !inside) return null;
  const to = inside ? { frame: backward.frame, scope: backward.scope } : { frame: step.frame, scope: step.scope };
  if (facts.names.imports.some(({ name }) => spelling.notWith?.test(name))) return null;
  const optimizer = sourceOf(facts, step.optimizer.node);
  const receiver = backward.kind === "backward" && backward.receiver ? sourceOf(facts, backward.receiver) : "";
  const edits: TextEdit[] = [];
  let name = "";
  if (spelling.function) {
    const spelled = spell(facts, spelling.function, to.scope);
    if (!spelled) return null;
    name = spelled.name;
    if (spelled.edit) edits.push(spelled.edit);
  }
  const call = spelling.write({
    function: name,
    receiver,
    parameters: parametersOf(facts, step.optimizer, to),
    optimizer,
    threshold,
  });
  if (!call) return null;
  const lines = around(facts, site, spelling, receiver, optimizer, call);
  const edit = inside
    ? insertAfter(facts.text, backward.statement, lines)
    : insertBefore(facts.text, step.statement, lines);
  return edit ? [...edits, edit] : null;
}

function around(
  facts: Facts,
  site: UpdateSite,
  spelling: StatementSpelling,
  receiver: string,
  optimizer: string,
  call: string,
): Line[] {
  const { scaler } = site.step;
  if (spelling.guard && facts.names.calls.has(spelling.guard.when))
    return [{ head: `if ${spelling.guard.condition(receiver)}:`, body: [call] }];
  const { unscale } = site.step.framework;
  if (scaler && unscale && !site.paths.some((path) => isUnscaled(path, site.step)))
    return [unscale(sourceOf(facts, scaler), optimizer), call];
  return [call];
}
