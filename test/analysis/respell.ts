/** The same script with other names and other imports, by Python's own reading (`respell.py`). */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TextRange } from "../../server/analysis/index.ts";
import { pythonFrom } from "../host/python.ts";

/** The grammar of the scripts, and places of all that is renamed. */
export const python = pythonFrom(10);
const PROGRAM = fileURLToPath(new URL("respell.py", import.meta.url));

export interface Respelled {
  readonly text: string;
  readonly names: Readonly<Record<string, string>>;
  /** Where a range of the old text, from one token's start to another's end, is now. */
  place(range: TextRange): TextRange;
}

type Span = readonly [start: number, end: number, newStart: number, newEnd: number];

function answers<Answer>(requests: readonly object[]): Answer[] {
  const { status, stdout, stderr } = spawnSync(python ?? "", [PROGRAM], {
    input: JSON.stringify(requests),
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

export function respell(requests: readonly { text: string; seed: number; words: readonly string[] }[]): Respelled[] {
  const found = answers<{ text: string; spans: Span[]; names: Record<string, string> }>(
    requests.map(({ text, seed, words }) => ({ respell: text, seed, words })),
  );
  return found.map(({ text, spans, names }) => ({
    text,
    names,
    place: ({ start, end }) => ({ start: moved(spans, start, "start"), end: moved(spans, end, "end") }),
  }));
}

function moved(spans: readonly Span[], offset: number, side: "start" | "end"): number {
  let shift = 0;
  for (const [start, end, newStart, newEnd] of spans) {
    if (side === "start" ? start > offset || (start === offset && end > start) : start >= offset) break;
    if (side === "end" && offset <= end) return newEnd;
    shift = newEnd - end;
    if (offset < end) return newStart;
  }
  return offset + shift;
}

/** Whether Python itself can parse them. */
export const parsedByPython = (texts: readonly string[]) => answers<boolean>(texts.map((text) => ({ parses: text })));

/** For each text one that is the same for all that differ in names and imports alone; null for what Python can't parse. */
export const canonical = (
  requests: readonly { readonly text: string; readonly names?: Readonly<Record<string, string>> }[],
) => answers<string | null>(requests.map(({ text, names = {} }) => ({ canonical: text, names })));
