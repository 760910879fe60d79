/** Puts clipping of a kind that the user chose before an update: by value, adaptively, or by the history of the norms. */
import { clipsOf, distinct } from "../facts/derived/order.ts";
import { isOn, whereIs } from "../facts/derived/threshold.ts";
import type { UpdateSite } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { TextEdit, TextRange } from "../finding.ts";
import type { Framework } from "../frameworks/framework.ts";
import type { OtherKind, WrapperSpelling } from "../frameworks/spelling.ts";
import type { ThresholdEdit } from "../index.ts";
import { type Expression, rangeOf } from "../syntax/ast.ts";
import { takenHook } from "./clip-in-hook.ts";
import { clipsByItself, frameworksFor, hookedClips, insertClip, type Kind, spellingsFor } from "./insert-clip.ts";
import { remove } from "./layout.ts";

export const LOST =
  "The update of that run can't be found in this file any more. Run it again with telemetry, or change the threshold by hand.";

/**
 * What each kind's number is where nothing was recorded that would tell: norms say nothing of single components, nor of the weights.
 * By value: the number in Keras' and Lightning's documentation. Adaptive: the factor of Brock et al. (2021). AutoClip: the percentile;
 * the median does better than the 10 of Seetharaman et al. (2020) wherever norms grow.
 */
const CONVENTION: Readonly<Record<OtherKind, number>> = { value: 0.5, adaptive: 0.01, autoclip: 50 };

const NAMES: Readonly<Record<Kind | "per-variable-norm", string>> = {
  norm: "by the global norm",
  "per-variable-norm": "by each variable's own norm",
  value: "by value",
  adaptive: "adaptively (AGC)",
  autoclip: "by the history of the norms (AutoClip)",
};

const SUMMARIES: Readonly<Record<OtherKind, string>> = {
  value: "Cut each component of the gradients off at 0.5: a convention, since recorded norms can't tell it",
  adaptive:
    "Bound the gradient of each unit by 0.01 of the norm of its weights (AGC): its paper's factor, which also leaves the last layer out",
  autoclip: "Clip the gradients to the median of their norms so far (AutoClip)",
};

const TITLES: Readonly<Record<OtherKind, string>> = {
  value: "Clip each component of the gradients by value, at 0.5",
  adaptive: "Clip the gradients adaptively (AGC), at 0.01",
  autoclip: "Clip the gradients to the median of their norms so far (AutoClip)",
};

/** What can be put at the update on a line, from 0; a text with several there is not clear enough. */
export function otherClips(facts: Facts, line: number): { title: string; edits: readonly TextEdit[] }[] {
  const sites = facts.updates.filter(({ step }) => isOn(step.node, null, line));
  const [site] = sites;
  if (!site || sites.some(({ step }) => step.node !== site.step.node)) return [];
  return kindsFor(site).flatMap((kind) => {
    const result = kind === "norm" ? null : chooseKind(facts, kind, site);
    return kind !== "norm" && result && "edits" in result ? [{ title: TITLES[kind], edits: result.edits }] : [];
  });
}

export function chooseKind(facts: Facts, kind: OtherKind, site: UpdateSite | null): ThresholdEdit {
  if (!site) return { refused: LOST };
  const taken = takeOut(facts, site, kind);
  if ("refused" in taken) return taken;
  const own = spellingsFor(site, kind).map((spelling) =>
    spelling.place === "hook" ? takenHook(facts, site.step, spelling) : clipsByItself(facts, site),
  );
  for (const refused of own) if (refused) return { refused };
  const edits = insertClip(facts, site, CONVENTION[kind], kind);
  if (!edits?.every(({ range }) => range.end <= facts.text.length)) return { refused: cannot(facts, site, kind) };
  return { edits: [...edits, ...taken.edits], summary: SUMMARIES[kind], range: rangeOf(site.step.node) };
}

/** The edits that take out what clips now. */
function takeOut(facts: Facts, site: UpdateSite, kind: OtherKind): { edits: TextEdit[] } | { refused: string } {
  const { configured } = site.step.optimizer;
  const told = configured.find(({ threshold, off, refused }) => threshold && !off && !refused);
  if (told)
    return {
      refused: `The optimizer is told to clip on ${whereIs(facts, told.node)} already. Take \`${sourceOf(facts, told.node)}\` out there first.`,
    };
  const helped = clippedByHelper(facts, site);
  if (helped?.kind === kind) return { refused: `The gradients are clipped ${NAMES[kind]} on ${helped.where} already.` };
  if (helped) return { refused: `The gradients are clipped otherwise on ${helped.where}. Take that out first.` };
  const edits: TextEdit[] = [];
  // In another function a clip may serve other updates, too.
  const scopes = new Set([
    site.step.scope,
    ...site.paths.flat().flatMap((event) => (event.kind === "backward" ? event.scope : [])),
  ]);
  for (const clip of distinct([...clipsOf(facts, site), ...hookedClips(facts, site)])) {
    const where = whereIs(facts, clip.node);
    if (clip.how === kind) return { refused: `The gradients are clipped ${NAMES[kind]} on ${where} already.` };
    const { statement } = clip;
    const isAlone =
      statement.kind === "expression" && statement.value === clip.node && !clip.origin && scopes.has(clip.scope);
    const edit = isAlone ? remove(facts.text, statement) : null;
    if (!edit) return { refused: `The gradients are clipped otherwise on ${where}. Take that out first.` };
    edits.push(edit);
  }
  return { edits };
}

/** By what was written into the file for it before: where gradients are values, no event tells of a clip by hand. */
function clippedByHelper(facts: Facts, site: UpdateSite): { kind: OtherKind; where: string } | null {
  const bounded = [...(site.step.gradients?.bounded ?? [])];
  for (const kind of ["value", "adaptive", "autoclip"] as const)
    for (const spelling of spellingsFor(site, kind)) {
      if (spelling.place === "around") {
        const link = linkBy(facts, site, spelling);
        if (link) return { kind, where: whereIs(facts, link) };
      }
      if (spelling.place !== "gradients" || typeof spelling.function === "string") continue;
      const { name } = spelling.function;
      const definition = facts.statements.find(
        (statement) => (statement.kind === "function" || statement.kind === "class") && statement.name === name,
      );
      const by = definition && bounded.find((node) => isWithin(rangeOf(node), rangeOf(definition)));
      if (by) return { kind, where: whereIs(facts, by) };
    }
  return null;
}

/** The link of the optimizer that calls what was defined in the file. */
function linkBy({ names }: Facts, { step }: UpdateSite, { functions }: WrapperSpelling): Expression | undefined {
  const helper = functions.find((named) => typeof named !== "string");
  const made = step.optimizer.wholes.map(({ call }) => rangeOf(call));
  const sites = (helper && names.calls.get(helper.name)) ?? [];
  return sites.find(({ call }) => made.some((whole) => isWithin(rangeOf(call), whole)))?.call;
}

const isWithin = (inner: TextRange, outer: TextRange) => inner.start >= outer.start && inner.end <= outer.end;

/** Why there is no such clip, and what there is. */
function cannot(facts: Facts, site: UpdateSite, kind: OtherKind): string {
  const { step } = site;
  if (step.byHand && step.gradients)
    return "The script makes this update by itself. Clip the gradients where it computes them.";
  const by = frameworksFor(site);
  const titles = [...new Set(by.map(({ title }) => title))].join(" and ");
  const able = kindsFor(site);
  if (able.includes(kind)) {
    const instead = insertClip(facts, site, 1) ? " Clip the global norm instead." : "";
    return `${mentioned(facts, site, kind) ?? `No place for a clip ${NAMES[kind]} was found at this update.`}${instead}`;
  }
  if (step.managed && able.every((one) => one === "norm") && able.length > 0)
    return `${titles} clips by the global norm only.`;
  if (able.length > 0)
    return `${titles} can't clip ${NAMES[kind]} here; it can ${able.map((one) => NAMES[one]).join(", or ")}.`;
  const told = [...new Set(by.flatMap(kindsTold))];
  if (told.some((one) => one === kind))
    return `${titles} clips ${NAMES[kind]} if its configuration says so. ${by.map((one) => entriesOf(one, kind)).find(Boolean) ?? "Write it there."}`;
  if (told.length > 0) return `${titles} clips ${told.map((one) => NAMES[one]).join(", or ")} only.`;
  return `${titles} has no place for a clip at this update.`;
}

/** Why what the file mentions leaves no place. */
function mentioned({ text }: Facts, site: UpdateSite, kind: OtherKind): string | undefined {
  const barred = spellingsFor(site, kind).flatMap((spelling) =>
    "notMentioning" in spelling ? [spelling.notMentioning] : [],
  );
  return barred.find((bar) => bar?.pattern.test(text))?.because;
}

/** What is to be written into a configuration that is made in the script. */
function entriesOf({ written }: Framework, kind: OtherKind): string | null {
  const mode = Object.entries(written?.mode.kinds ?? {}).find(([, one]) => one === kind)?.[0];
  if (!written || mode === undefined) return null;
  const section = written.section.join(".");
  return `Before the trainer is built, set \`${section}.${written.enabled}\` to \`True\`, \`${section}.${written.mode.entry}\` to \`"${mode}"\` and \`${section}.${written.threshold}\` to ${CONVENTION[kind]}.`;
}

/** Those that may be asked for at an update. */
const kindsFor = (site: UpdateSite): Kind[] =>
  (["norm", "value", "adaptive", "autoclip"] as const).filter((kind) => spellingsFor(site, kind).length > 0);

/** Those that a framework's own configuration can ask for. */
function kindsTold({ settings = [], written }: Framework): (Kind | "per-variable-norm")[] {
  const kinds = settings.flatMap(({ kind, mode }) => [kind, ...Object.values(mode?.kinds ?? {})]);
  return [...kinds, ...Object.values(written?.mode.kinds ?? {})].filter((kind) => kind !== "unknown");
}
