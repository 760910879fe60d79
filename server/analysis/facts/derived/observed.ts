/** Which updates and clips of the text recorded runs saw. */
import type { TextRange } from "../../finding.ts";
import type { ObservedRun } from "../../observed-run.ts";
import { type Block, blocksOf, type Expression, isHere, rangeOf, type Statement } from "../../syntax/ast.ts";
import type { ClipEvent, UpdateSite } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";
import { lineOf } from "./threshold.ts";

/** By where a node starts: what several calls lead to is one place in the text. Newest run first. */
type Seen = ReadonlyMap<number, readonly ObservedRun[]>;

export const runsAtUpdate = (facts: Facts, { step }: UpdateSite): readonly ObservedRun[] => at(updates(facts), step);
export const runsAtClip = (facts: Facts, clip: ClipEvent): readonly ObservedRun[] => at(clips(facts), clip);

const at = (seen: Seen, { node }: { readonly node: Expression }) => seen.get(rangeOf(node).start) ?? [];

const updates = once((facts: Facts): Seen => {
  const places = placesOf(
    facts,
    facts.updates.map(({ step }) => ({
      node: step.node,
      runs: step.runs,
      named: new Set(step.optimizer.constructors.map(({ name }) => lastName(name))),
    })),
  );
  return matched(
    facts.observed,
    ({ siteLine }) => siteLine,
    ({ optimizer }) => optimizer && lastName(optimizer),
    places,
    (run, line) => besideLog(facts, run, line, places),
  );
});

const clips = once((facts: Facts): Seen => {
  const places = placesOf(
    facts,
    facts.clips.map(({ clip }) => ({ node: clip.node, runs: [], named: new Set<string>() })),
  );
  return matched(
    facts.observed,
    ({ clipLine }) => clipLine,
    () => null,
    places,
  );
});

interface Place {
  readonly start: number;
  /** From 0, inclusive: its own, and those of the calls in which it happens. */
  readonly lines: readonly (readonly [number, number])[];
  /** The optimizers that it may be of; none: any. */
  readonly named: ReadonlySet<string>;
}

/** In the order of the text. */
function placesOf(
  { text, observed }: Facts,
  seen: readonly { node: Expression; runs: readonly Expression[]; named: ReadonlySet<string> }[],
) {
  if (observed.length === 0) return [];
  const linesOf = (node: Expression) => {
    const { start, end } = rangeOf(node);
    return [lineOf(text, start) - 1, lineOf(text, end) - 1] as const;
  };
  const places = new Map<number, Place>();
  for (const { node, runs, named } of seen) {
    if (!isHere(node)) continue;
    const { start } = rangeOf(node);
    places.set(start, { start, lines: [node, ...runs.filter(isHere)].map(linesOf), named });
  }
  return [...places.values()].sort((a, b) => a.start - b.start);
}

/**
 * A run of this very text, or cell, saw what stands on its line. In a text that has changed since, lines have moved: there the places of
 * a run are those of the text if they are as many of the same optimizer, in their order; else nothing tells which is which.
 */
function matched(
  runs: readonly ObservedRun[],
  lineIn: (run: ObservedRun) => number | null,
  optimizerOf: (run: ObservedRun) => string | null,
  places: readonly Place[],
  besideLine: (run: ObservedRun, line: number) => Place | undefined = () => undefined,
): Seen {
  const seen = new Map<number, ObservedRun[]>();
  const add = (place: Place | undefined, run: ObservedRun) => {
    if (place) seen.set(place.start, [...(seen.get(place.start) ?? []), run]);
  };
  for (const run of runs) {
    const line = lineIn(run);
    if (line === null) continue;
    if (run.older && !run.placed) add(moved(run, line), run);
    else
      add(
        only(places.filter(({ lines }) => lines.some(([first, last]) => first <= line && line <= last))) ??
          besideLine(run, line),
        run,
      );
  }
  return seen;

  function moved(run: ObservedRun, line: number): Place | undefined {
    const optimizer = optimizerOf(run);
    const alike = runs.filter((other) => other.run === run.run && optimizerOf(other) === optimizer);
    const lines = [...new Set(alike.flatMap((other) => lineIn(other) ?? []))].sort((a, b) => a - b);
    const those = places.filter(({ named }) => optimizer === null || named.size === 0 || named.has(optimizer));
    return lines.length === those.length ? those[lines.indexOf(line)] : undefined;
  }
}

/**
 * The update that a run logged by hand: it stands where the log does, and is meant if it is the only update in that function, or
 * outside of all, and that log the only one there. Not where the run's own hooks saw it, which know more.
 */
function besideLog(facts: Facts, run: ObservedRun, line: number, places: readonly Place[]): Place | undefined {
  if (run.optimizer !== null) return undefined;
  const functionAt = (line: number) => innermost(facts.statements, stretchOf(facts.text, line));
  const here = functionAt(line);
  const others = facts.observed.filter((other) => other.run === run.run && other !== run && other.siteLine !== null);
  if (others.some(({ siteLine }) => functionAt(siteLine!) === here)) return undefined;
  return only(places.filter(({ lines }) => functionAt(lines[0]![0]) === here));
}

/** The innermost function around a stretch; null outside of all. */
function innermost(body: Block, stretch: TextRange): Statement | null {
  const around = body.find((statement) => {
    const { start, end } = rangeOf(statement);
    return start <= stretch.end && stretch.start < end;
  });
  if (!around) return null;
  const inner = blocksOf(around).map((block) => innermost(block, stretch));
  return inner.find((found) => found !== null) ?? (around.kind === "function" ? around : null);
}

/** A line, counted from 0. */
function stretchOf(text: string, line: number): TextRange {
  let start = 0;
  for (let left = line; left > 0; left -= 1) start = text.indexOf("\n", start) + 1 || text.length;
  const end = text.indexOf("\n", start);
  return { start, end: end === -1 ? text.length : end };
}

const only = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined);
const lastName = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
