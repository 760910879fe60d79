/** Puts a threshold at an update: into the number that is there, or by a clip where there is none. Never guesses between two. */

import { clipsOf, lateClips } from "../facts/derived/order.ts";
import { otherUse } from "../facts/derived/other-uses.ts";
import { isOn, type KnownThreshold, lineOfNode, thresholdSourceAround, whereIs } from "../facts/derived/threshold.ts";
import type { ClipEvent, Seen, UpdateSite } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import { usesExternal } from "../facts/names/external-names.ts";
import type { ThresholdEdit, ThresholdRequest } from "../index.ts";
import { type Expression, rangeOf } from "../syntax/ast.ts";
import { chooseKind, LOST } from "./choose-kind.ts";
import { clipsByItself, formatNumber, hookedClips, insertClip } from "./insert-clip.ts";

export function thresholdEdit(facts: Facts, request: ThresholdRequest): ThresholdEdit {
  const { threshold, siteLine, clipLine, within, kind } = request;
  const path = within?.path ?? null;
  if (!Number.isFinite(threshold) || threshold <= 0) return { refused: "A threshold must be a number above zero." };
  if (kind) return chooseKind(facts, kind, findSite(facts, siteLine));
  if (clipLine !== null) {
    const clips = facts.clips
      .map(({ clip }) => clip)
      .filter((clip) => isOn((clip.origin ?? clip).node, path, clipLine));
    if (clips.length > 0) return setThreshold(facts, clips.map(limitOf), request);
  }
  if (path !== null) return thresholdElsewhere(facts, request, path);
  const logs = facts.logs.filter((log) => siteLine !== null && isOn(log.node, null, siteLine));
  if (logs[0]) return setLogged(facts, logs[0].threshold ? { ...logs[0], node: logs[0].threshold } : null, request);
  const site = findSite(facts, siteLine);
  if (!site)
    return {
      refused: LOST,
    };
  // In each of the calls that lead to it.
  const clips = facts.updates
    .filter(({ step }) => step.node === site.step.node)
    .flatMap((each) => [...clipsOf(facts, each), ...hookedClips(facts, each)]);
  const limits = [...clips.map(limitOf), ...settingsOf(site)];
  if (limits.length > 0) return setThreshold(facts, limits, request);
  const late = lateClips(facts).find(({ step }) => step.node === site.step.node);
  if (late)
    return {
      refused: `The clip on ${whereIs(facts, late.clip.node)} comes after the update and does nothing. Move it before the update first: there is a quick fix.`,
    };
  if (clipLine !== null && !(clipsByDefault(site) && isOn(site.step.node, null, clipLine)))
    return {
      refused: `The clip that the run used on ${facts.lineName(clipLine + 1)} can't be seen here. Change its threshold by hand.`,
    };
  return insert(facts, site, threshold);
}

/** Of an update in a module that calls in this text lead to. */
function thresholdElsewhere(facts: Facts, request: ThresholdRequest, path: string): ThresholdEdit {
  const { siteLine } = request;
  const limits = facts.updatesElsewhere
    .filter(({ step }) => siteLine !== null && isOn((step.origin ?? step).node, path, siteLine))
    .flatMap((site) => [...clipsOf(facts, site).map(limitOf), ...settingsOf(site)]);
  if (limits.length === 0) return { refused: "This file does not show where that update is clipped.", unseen: true };
  return setThreshold(facts, limits, request);
}

/** What clips, and the number that it clips at. */
interface Limit {
  readonly node: Expression;
  readonly how: ClipEvent["how"];
  readonly seen: Seen | null;
}

function limitOf(clip: ClipEvent): Limit {
  const { threshold, frame, scope } = clip.origin ?? clip;
  return { node: clip.node, how: clip.how, seen: threshold && { node: threshold, frame, scope } };
}

/** What the optimizer was told when it was built. */
function settingsOf({ step }: UpdateSite): Limit[] {
  return step.optimizer.configured.flatMap(({ kind, threshold, frame, scope, off, refused }) =>
    threshold && !off && !refused ? [{ node: threshold, how: kind, seen: { node: threshold, frame, scope } }] : [],
  );
}

/** What trains clips at a number of its own, since nobody told it another: Hugging Face's Trainer at 1. */
const clipsByDefault = ({ step }: UpdateSite): boolean =>
  step.optimizer.configured.some(({ fallback, off, refused }) => fallback !== null && !off && !refused);

function setThreshold(facts: Facts, limits: readonly Limit[], request: ThresholdRequest): ThresholdEdit {
  const [first] = limits;
  if (first?.how === "value")
    return {
      refused: `The clip on ${whereIs(facts, first.node)} clips by value, and this threshold is for the norm. Clip by norm there instead.`,
    };
  const sources = limits.map(({ seen }) => (seen ? thresholdSourceAround(facts, seen) : null));
  const [source] = sources;
  if (!first || !source)
    return {
      refused: `The clip on ${first ? whereIs(facts, first.node) : "some line"} names no threshold that can be followed. Change it by hand.`,
    };
  if ("unknown" in source) {
    const name = first.seen ? sourceOf(facts, first.seen.node) : "";
    return {
      refused: `\`${name}\` on ${whereIs(facts, first.node)} ${source.unknown}. Change it there by hand.`,
    };
  }
  if (sources.some((other) => !other || "unknown" in other || other.literal !== source.literal))
    return { refused: `Several clips reach this update, with thresholds of their own. Change the right one by hand.` };
  return replace(
    facts,
    source,
    limits.flatMap(({ seen }) => seen?.node ?? []),
    request,
  );
}

function setLogged(facts: Facts, seen: Seen | null, request: ThresholdRequest): ThresholdEdit {
  if (!seen)
    return {
      refused: "`gradsight.log` names no threshold here. Pass `threshold=` the number that your loop clips at.",
    };
  const source = thresholdSourceAround(facts, seen);
  if ("unknown" in source)
    return { refused: `\`${sourceOf(facts, seen.node)}\` ${source.unknown}. Change it there by hand.` };
  return replace(facts, source, [seen.node], request);
}

/** `limits`: where what clips names the number. */
function replace(
  facts: Facts,
  source: KnownThreshold,
  limits: readonly Expression[],
  { threshold, args = [] }: ThresholdRequest,
): ThresholdEdit {
  const { literal, origin, flag } = source;
  const { path, text, base } = literal.anchor.source;
  const { start, end } = rangeOf(literal);
  const range = { start: start - base, end: end - base };
  const old = sourceOf(facts, literal);
  const number = formatNumber(threshold);
  // An environment variable's default is a text, as its value is.
  const written = literal.kind === "string" ? old.charAt(0) + number + old.charAt(0) : number;
  const given = flag === undefined ? null : givenBy(args, flag);
  const beside = given === null ? "" : `. The run was given \`${given}\`, which wins over it: change that, too`;
  const other = limits.includes(literal) ? null : otherUse(facts, source, limits);
  const shared = other
    ? `. The same number is given to \`${sourceOf(facts, other.callee)}\` on ${whereIs(facts, other)}, which this changes, too`
    : "";
  const edit = {
    edits: [{ range, newText: written }],
    summary: `Change ${origin} from ${old} to ${written}${beside}${shared}`,
    range,
    ...(other && { shared: true as const }),
  };
  return path === null ? edit : { ...edit, module: { path, text } };
}

/** `--clip 2.0` or `--clip=2.0`, as it was given; parsers take hyphens and underscores for the same or have only one of them. */
function givenBy(args: readonly string[], flag: string): string | null {
  const plain = (text: string) => text.replaceAll("_", "-");
  const at = args.findLastIndex((arg) => plain(arg.split("=", 1)[0] ?? "") === plain(flag));
  const found = args[at];
  if (found === undefined) return null;
  const value = args[at + 1];
  return found.includes("=") || value === undefined || value.startsWith("--") ? found : `${found} ${value}`;
}

function insert(facts: Facts, site: UpdateSite, threshold: number): ThresholdEdit {
  const refused = clipsByItself(facts, site);
  if (refused) return { refused };
  const edits = insertClip(facts, site, threshold);
  const { framework, managed } = site.step;
  const parsed = managed && !edits ? framework.parsedSetting : undefined;
  if (parsed && usesExternal(facts.names, parsed.parser))
    return {
      refused: `${framework.title} parses its arguments here. Give it \`${parsed.flag} ${formatNumber(threshold)}\` on the command line, or the same in the file that it reads.`,
    };
  if (!edits?.every(({ range }) => range.end <= facts.text.length))
    return {
      refused: `No place for a clip was found at ${whereIs(facts, site.step.node)}. Put one between the backward pass and this update by hand.`,
    };
  const number = formatNumber(threshold);
  // Where a trainer is told to clip stands elsewhere than the update, and an import further up.
  const told = edits.find(({ newText }) => newText.includes(number));
  return {
    edits,
    summary: `Clip the gradients to a norm of ${number} before the update`,
    range: told?.range ?? rangeOf(site.step.node),
  };
}

function findSite(facts: Facts, line: number | null): UpdateSite | null {
  const one = (sites: readonly UpdateSite[]) =>
    new Set(sites.map((site) => site.step.node)).size === 1 ? (sites[0] ?? null) : null;
  if (line === null) return one(facts.updates);
  const exact = facts.updates.filter(({ step }) => [step.node, ...step.runs].some((node) => isOn(node, null, line)));
  if (exact.length > 0) return one(exact);
  const built = facts.updates.filter(({ step }) =>
    step.optimizer.constructors.some(({ call }) => isOn(call, null, line)),
  );
  if (built.length > 0) return one(built);
  // The text may have moved a little since the run.
  return (
    one(facts.updates) ??
    one(facts.updates.filter(({ step }) => Math.abs(lineOfNode(facts, step.node) - 1 - line) <= 3))
  );
}
