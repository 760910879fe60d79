/** The edits that clip an optimizer's gradients before its update, at a given threshold, in the way of its framework. */

import { lastBackward } from "../facts/derived/order.ts";
import type { ClipEvent, UpdateSite } from "../facts/events/events.ts";
import type { Facts } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import type { ArgumentPlace, Framework } from "../frameworks/framework.ts";
import { FRAMEWORKS } from "../frameworks/index.ts";
import type { HookSpelling, OtherKind, Spelling } from "../frameworks/spelling.ts";
import type { Expression } from "../syntax/ast.ts";
import { argumentOf, lastPart } from "../syntax/call.ts";
import { addEntry } from "./add-entry.ts";
import { clipInHook, clipsInHooks, takenHook } from "./clip-in-hook.ts";
import { configureConstructor } from "./configure-constructor.ts";
import { insertStatement } from "./insert-statement.ts";
import { replaceGradients } from "./replace-gradients.ts";
import { takeApart } from "./take-apart.ts";
import { tellUpdate } from "./tell-update.ts";
import { wrapConstructor } from "./wrap-constructor.ts";

export type Kind = "norm" | OtherKind;

/** `threshold`: a number, or an expression as it reads at the update. */
export function insertClip(
  facts: Facts,
  site: UpdateSite,
  threshold: number | string,
  kind: Kind = "norm",
): TextEdit[] | null {
  const number = typeof threshold === "number" ? formatNumber(threshold) : threshold;
  for (const spelling of spellingsFor(site, kind)) {
    const edits = write(facts, site, spelling, number);
    if (edits) return edits;
  }
  return null;
}

/** Those that a method of the trained class does before the update. */
export function hookedClips(facts: Facts, site: UpdateSite): ClipEvent[] {
  return [...new Set(hooksFor(site).flatMap((spelling) => clipsInHooks(facts, site.step, spelling)))];
}

/** Why the framework wouldn't clip as it is told: the class has the method that it asks to. */
export function clipsByItself(facts: Facts, site: UpdateSite): string | null {
  const [hook] = hooksFor(site);
  return hook?.model ? takenHook(facts, site.step, { ...hook, unless: [hook.method.name] }) : null;
}

const hooksFor = (site: UpdateSite): HookSpelling[] =>
  (["adaptive", "autoclip"] as const)
    .flatMap((kind) => spellingsFor(site, kind))
    .filter((spelling) => spelling.place === "hook");

/** Best first. */
export function spellingsFor(site: UpdateSite, kind: Kind): Spelling[] {
  const { step } = site;
  const { framework, managed, gradients } = step;
  // What it is given is one variable's, and a multiple: the norm is that of all gradients together.
  if (step.byHand && gradients) return [];
  const asked = (by: Framework) => (kind === "norm" ? by.spelling : by.kinds?.[kind]);
  const managing = kind === "norm" ? framework.managedSpelling : framework.managedKinds?.[kind];
  const spellings = managed ? [managing ?? asked(framework)].flat() : frameworksFor(site).map(asked);
  return spellings
    .filter((spelling) => spelling !== undefined)
    .filter(({ place }) => !gradients || place !== "statement");
}

/** Those that may be asked to clip at an update. */
export function frameworksFor({ step, paths }: UpdateSite): Framework[] {
  const { framework, managed, gradients, optimizer } = step;
  if (managed) return [framework];
  // Gradients that are values may come from one library, and the optimizer that takes them from another.
  const builder = FRAMEWORKS.filter(({ optimizers }) =>
    optimizer.constructors.some(({ name }) => optimizers?.test(name)),
  );
  // An optimizer that is told to clip when it is built is no PyTorch one, whoever is taken to do the backward pass.
  const told = builder.length > 0 && builder.every(({ spelling }) => spelling && spelling.place !== "statement");
  if (gradients) return [...builder, framework, ...gradients.made.values()];
  return told ? builder : [lastBackward(paths)?.framework ?? framework];
}

function write(facts: Facts, { step, paths }: UpdateSite, spelling: Spelling, threshold: string): TextEdit[] | null {
  switch (spelling.place) {
    case "statement":
      return insertStatement(facts, { step, paths }, spelling, threshold);
    case "argument":
      return configureConstructor(facts, step.optimizer, spelling, threshold);
    case "around":
      if (spelling.needs && !isGiven(step.node, spelling.needs)) return null;
      return wrapConstructor(facts, step.optimizer, spelling, threshold);
    case "gradients":
      return replaceGradients(facts, step, spelling, threshold);
    case "hook":
      return clipInHook(facts, step, spelling, threshold);
    case "update":
      return tellUpdate(facts, step, spelling, threshold);
    case "entry":
      return addEntry(facts, step.optimizer, spelling, threshold);
    case "apart":
      return takeApart(facts, step, spelling, threshold);
  }
}

/** What makes the update by an optimizer of several parts hands them all that they need; its own `update` gets what is written. */
const isGiven = (node: Expression, { position, keyword }: ArgumentPlace) =>
  node.kind !== "call" || lastPart(node.callee) !== "update" || argumentOf(node, position, keyword) !== null;

/** As Python would write it, always as a float: `1.0`, `0.25`, `1e-05`. */
export function formatNumber(value: number): string {
  const text = String(value);
  if (/^-?\d+$/.test(text)) return `${text}.0`;
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}
