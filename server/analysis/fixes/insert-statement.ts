/** A statement that clips an optimizer's gradients between the backward pass and the update. */

import { isUnscaled, lastBackward } from "../facts/derived/order.ts";
import { buildsTold, isTold, mayScale, scalesByItself } from "../facts/derived/scaler.ts";
import { shardedModel } from "../facts/derived/sharding.ts";
import type { OptimizerRef, UpdateSite } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import { usesExternal } from "../facts/names/external-names.ts";
import type { TextEdit } from "../finding.ts";
import type { StatementSpelling } from "../frameworks/spelling.ts";
import { argumentOf } from "../syntax/call.ts";
import { defineHelper } from "./define-helper.ts";
import { express, parametersIn, parametersOf, type Target } from "./expressions.ts";
import { type Spelled, spell } from "./imports.ts";
import { insertAfter, insertBefore, type Line } from "./layout.ts";

export function insertStatement(
  facts: Facts,
  site: UpdateSite,
  spelling: StatementSpelling,
  threshold: string,
): TextEdit[] | null {
  const { step } = site;
  const backward = lastBackward(site.paths);
  // What stands in an imported module is that one's to edit.
  if (!backward || step.origin) return null;
  // A closure is what the optimizer calls back, so the clip belongs inside, after the backward pass.
  const inside = backward.kind === "backward" && backward.inClosure;
  if (step.closure && !inside) return null;
  // In an imported module: not there to be added to, nor to be asked what its gradients come from.
  if (backward.origin && (inside || !(spelling.function || spelling.helper))) return null;
  const to = targetOf(site, inside);
  const optimizer = sourceOf(facts, step.optimizer.node);
  const receiver = backward.kind === "backward" && backward.receiver ? sourceOf(facts, backward.receiver) : "";
  const spelled = spelledFunction(facts, spelling, to, threshold);
  if (!spelled) return null;
  const { notWith } = spelling;
  const parameters = step.byHand ? parametersIn(facts, step.optimizer, to) : ownedOnAllWays(facts, site, inside);
  if (!parameters) return null;
  const misfit = notWith !== undefined && usesExternal(facts.names, notWith);
  const scaling =
    backward.kind === "backward" && backward.receiver !== null
      ? { framework: backward.framework, receiver: { ...backward, node: backward.receiver } }
      : null;
  const { onlyIf, notBeside } = spelling;
  if (onlyIf && !(scaling && isTold(facts, onlyIf, scaling.receiver))) return null;
  if (notBeside && buildsTold(facts, notBeside.built, notBeside.told)) return null;
  const calls = misfit
    ? ofSharded(facts, step.optimizer, spelling, to, threshold)
    : spelling.write({
        function: spelled.name,
        receiver,
        parameters,
        optimizer,
        threshold,
        scaled: scaling !== null && scalesByItself(facts, scaling.framework, scaling.receiver),
        mayScale: scaling !== null && mayScale(facts, scaling.framework, scaling.receiver),
        unscaled: site.paths.some((path) => path.some((event) => event.kind === "unscale")),
      });
  if (!calls) return null;
  const lines = around(facts, site, spelling, receiver, optimizer, [calls].flat());
  const edit = inside
    ? insertAfter(facts.text, backward.statement, lines)
    : insertBefore(facts.text, step.statement, lines);
  if (!edit) return null;
  return spelled.edit && !misfit ? [spelled.edit, edit] : [edit];
}

function targetOf({ step, paths }: UpdateSite, inside: boolean): Target {
  const { frame, scope } = (inside && lastBackward(paths)) || step;
  return { frame, scope };
}

function ownedOnAllWays(facts: Facts, site: UpdateSite, inside: boolean): string {
  const others = facts.updates.filter(({ step }) => step.node === site.step.node && step.id !== site.step.id);
  const steppingAt = (at: UpdateSite) => ({ optimizer: at.step.optimizer, to: targetOf(at, inside) });
  return parametersOf(facts, steppingAt(site), ...others.map(steppingAt));
}

function spelledFunction(
  facts: Facts,
  { function: qualified, helper }: StatementSpelling,
  { scope }: Target,
  threshold: string,
): Spelled | null {
  if (helper) return defineHelper(facts, helper, scope, threshold);
  return qualified ? spell(facts, qualified, scope) : { name: "", edit: null };
}

/** The clip of a model that knows how to clip over its shards. */
function ofSharded(
  facts: Facts,
  { constructors }: OptimizerRef,
  spelling: StatementSpelling,
  to: Target,
  threshold: string,
): string | null {
  const [built, another] = constructors;
  const given = built && !another ? argumentOf(built.call, 0, "params") : null;
  if (!built || given?.stars !== 0) return null;
  const sharded = shardedModel(facts, { node: given.value, frame: built.frame, scope: built.scope });
  const model = sharded && express(facts, sharded.model, to);
  return (model && spelling.sharded?.(model, threshold)) ?? null;
}

function around(
  facts: Facts,
  site: UpdateSite,
  spelling: StatementSpelling,
  receiver: string,
  optimizer: string,
  calls: readonly string[],
): Line[] {
  const { scaler } = site.step;
  if (spelling.guard && facts.names.calls.has(spelling.guard.when))
    return [{ head: `if ${spelling.guard.condition(receiver)}:`, body: calls }];
  const { unscale } = site.step.framework;
  if (scaler && unscale && !site.paths.some((path) => isUnscaled(path, site.step)))
    return [unscale(sourceOf(facts, scaler), optimizer), ...calls];
  return [...calls];
}
