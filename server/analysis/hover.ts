/** What there is to say about an update, a clip, an optimizer or a logged step. */

import type { Diagnosis } from "../../protocol/advice.ts";
import { runsAtClip, runsAtUpdate } from "./facts/derived/observed.ts";
import { clipsOf, distinct, isUnclipped, sourceOfGradients } from "./facts/derived/order.ts";
import { thresholdSource, whereIs } from "./facts/derived/threshold.ts";
import { type Threshold, thresholdsOf } from "./facts/derived/thresholds.ts";
import type { ClipEvent, ConfiguredClip, LogSite, OptimizerRef, Seen, UpdateSite } from "./facts/events/events.ts";
import { type Facts, sourceOf } from "./facts/facts.ts";
import type { TextRange } from "./finding.ts";
import type { ClipKind } from "./frameworks/framework.ts";
import type { ObservedRun } from "./observed-run.ts";
import { tellDiagnosis, tellInShort } from "./rules/recorded.ts";
import { type Expression, isHere, rangeOf } from "./syntax/ast.ts";

interface Hover {
  readonly range: TextRange;
  readonly markdown: string;
}

export function hoverAt(facts: Facts, offset: number): Hover | null {
  for (const site of facts.updates) {
    const range = calleeRange(site.step.node);
    if (contains(range, offset)) return { range, markdown: describeUpdate(facts, site) };
  }
  for (const { clip } of facts.clips) {
    const range = calleeRange(clip.node);
    if (contains(range, offset)) return { range, markdown: describeClip(facts, clip) };
  }
  for (const site of facts.updates)
    for (const { call } of site.step.optimizer.constructors) {
      const range = calleeRange(call);
      if (isHere(call) && contains(range, offset)) return { range, markdown: describeOptimizer(facts, call) };
    }
  for (const threshold of thresholdsOf(facts)) {
    if (!isHere(threshold.node)) continue;
    const range = argumentRange(facts, threshold.node);
    if (contains(range, offset)) return { range, markdown: describeArgument(facts, threshold) };
  }
  for (const site of facts.logs) {
    const range = calleeRange(site.call);
    if (contains(range, offset)) return { range, markdown: describeLog(facts, site) };
  }
  return null;
}

const contains = ({ start, end }: TextRange, offset: number) => start <= offset && offset <= end;
const calleeOf = (node: Expression) => (node.kind === "call" ? node.callee : node);
const calleeRange = (node: Expression) => rangeOf(calleeOf(node));

function describeUpdate(facts: Facts, site: UpdateSite): string {
  const { optimizer } = site.step;
  const backward = sourceOfGradients(site);
  return lines(`**Update of \`${sourceOf(facts, optimizer.node)}\`**`, [
    builtBy(facts, optimizer),
    backward && `Gradients: \`${firstLine(sourceOf(facts, backward.node))}\`, ${whereIs(facts, backward.node)}`,
    clippingOf(facts, site),
    ...recorded(runsAtUpdate(facts, site), () => true),
  ]);
}

const MOST_RUNS = 2;
const MOST_DIAGNOSES = 2;

/** The newest run with what is wrong with it: what an older one shows may have been mended since. */
const recorded = (runs: readonly ObservedRun[], isToldHere: (diagnosis: Diagnosis) => boolean) =>
  runs.slice(0, MOST_RUNS).map((run, index) => {
    const found = index === 0 ? run.diagnoses.filter(isToldHere).slice(0, MOST_DIAGNOSES) : [];
    return [tellInShort(run), ...found.map((diagnosis) => `  - ${tellDiagnosis(diagnosis)}`)].join("\n");
  });

const isOfClipping = ({ kind }: Diagnosis) => kind === "over-clipping" || kind === "inactive";

function builtBy(facts: Facts, { constructors, named }: OptimizerRef): string | undefined {
  const [built] = constructors;
  if (!built && named) return `Optimizer: ${sourceOf(facts, named.node)}, ${whereIs(facts, named.node)}`;
  return built && `Optimizer: \`${built.name}\`, ${whereIs(facts, built.call)}`;
}

function clippingOf(facts: Facts, site: UpdateSite): string {
  const clips = distinct(clipsOf(facts, site)).map((clip) => `${inShort(facts, clip)}, ${whereIs(facts, clip.node)}`);
  const told = site.step.optimizer.configured.flatMap((setting) => settingInShort(facts, setting));
  const all = [...clips, ...told];
  if (all.length === 0 && site.step.gradients?.bounded.size) return "Clipping: by hand";
  if (all.length === 0) return isUnclipped(facts, site) ? "Clipping: none" : "Clipping: can't be told from this file";
  return `Clipping: ${all.join("; ")}`;
}

function settingInShort(facts: Facts, setting: ConfiguredClip): string[] {
  const { kind, off, refused, node, threshold, fallback } = setting;
  if (off || refused) return [];
  if (!threshold) return fallback === null ? [] : [`${KINDS[kind]} at ${fallback}, by default`];
  return [`${KINDS[kind]} at ${describeThreshold(facts, setting)}, ${whereIs(facts, node)}`];
}

const KINDS: Readonly<Record<ClipKind, string>> = {
  norm: "by norm",
  "per-variable-norm": "by each variable's own norm",
  value: "by value",
  adaptive: "by the norm of each weight",
  unknown: "in a way that can't be told",
};

function inShort(facts: Facts, clip: ClipEvent): string {
  if (clip.how === "by-hand") return "by hand";
  if (clip.how === "unknown") return `\`${sourceOf(facts, calleeOf(clip.node))}\``;
  return `${KINDS[clip.how]}${thresholdText(facts, clip)}`;
}

function thresholdText(facts: Facts, clip: ClipEvent): string {
  const threshold = describeThreshold(facts, clip);
  return threshold ? ` at ${threshold}` : "";
}

function describeThreshold(facts: Facts, seen: ClipEvent | LogSite | ConfiguredClip): string | null {
  const { threshold, frame, scope } = ("origin" in seen && seen.origin) || seen;
  return threshold && describeSource(facts, { threshold, frame, scope });
}

function describeSource(facts: Facts, { threshold, frame, scope }: Omit<Seen, "node"> & { threshold: Expression }) {
  const source = thresholdSource(facts, { node: threshold, frame, scope });
  const text = sourceOf(facts, threshold);
  if ("unknown" in source) return `\`${text}\`, which ${source.unknown}`;
  return source.literal === threshold
    ? text
    : `${source.value ?? "None"} (${source.origin}, ${whereIs(facts, source.literal)})`;
}

function describeClip(facts: Facts, clip: ClipEvent): string {
  if (clip.how === "by-hand") return "**Gradients changed by hand**";
  if (clip.how === "unknown") return "**Gradient clipping**, in a way that can't be told from this file";
  const clipped = clip.parameters ?? clip.gradients?.node;
  return lines(`**Gradient clipping ${KINDS[clip.how]}**${thresholdText(facts, clip)}`, [
    clipped && `Clips: \`${firstLine(sourceOf(facts, clipped))}\``,
    EFFECTS[clip.how],
    ...recorded(runsAtClip(facts, clip), isOfClipping),
    clip.gradients && "It changes nothing in place: what counts is where the clipped gradients that it returns go.",
  ]);
}

const EFFECTS: Readonly<Record<ClipKind, string>> = {
  norm: "All gradients are scaled by one factor, so the direction stays. Where it returns a norm, that is the norm before clipping, which is why a logged one can be above the threshold.",
  "per-variable-norm":
    "Each variable's gradient is scaled by a factor of its own, which changes the direction of the whole.",
  value: "Each component is cut off by itself, which changes the direction of the gradient.",
  adaptive: "The bound of each gradient grows with the norm of its weight.",
  unknown: "",
};

/** The keyword belongs to it. */
function argumentRange(facts: Facts, value: Expression): TextRange {
  const { start, end } = rangeOf(value);
  const keyword = /\w+\s*=\s*$/.exec(facts.text.slice(Math.max(0, start - 80), start))?.[0] ?? "";
  return { start: start - keyword.length, end };
}

function describeArgument(facts: Facts, { kind, clip, node, frame, scope }: Threshold): string {
  const seen = clip?.origin ?? { threshold: node, frame, scope };
  const text = seen.threshold ? describeSource(facts, { ...seen, threshold: seen.threshold }) : null;
  return lines(`**Clipping threshold ${KINDS[kind]}**${text ? `: ${text}` : ""}`, [
    kind === "norm"
      ? "A logged norm that is above it is no sign that clipping fails: it is the norm before clipping as a rule, which is what clipping functions return."
      : null,
    kind === "value"
      ? "It bounds each component. What a recorded run suggests is a threshold for the global norm: the two can't be compared."
      : null,
    kind === "norm" ? null : EFFECTS[kind],
  ]);
}

function describeOptimizer(facts: Facts, call: Expression): string {
  const sites = facts.updates.filter(({ step }) => step.optimizer.constructors.some((built) => built.call === call));
  const described = new Map(
    sites.map((site) => [site.step.node, `Update on ${whereIs(facts, site.step.node)}. ${clippingOf(facts, site)}`]),
  );
  return lines(
    `**Optimizer \`${sites[0]?.step.optimizer.constructors.find((built) => built.call === call)?.name ?? ""}\`**`,
    [...described.values()],
  );
}

function describeLog(facts: Facts, site: LogSite): string {
  const threshold = describeThreshold(facts, site);
  return lines("**Step logged to Gradsight**", [
    threshold ? `Threshold: ${threshold}` : "Threshold: none named (`threshold=` records it)",
  ]);
}

const lines = (title: string, items: readonly (string | null | undefined)[]) =>
  [title, "", ...items.flatMap((item) => (item ? [`- ${item}`] : []))].join("\n");
const firstLine = (text: string) => (text.includes("\n") ? `${text.slice(0, text.indexOf("\n"))} …` : text);
