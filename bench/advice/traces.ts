/** Reads a data folder: CSV files at its top, norm traces (CSV, plain or gzipped) in `traces/`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

export interface Trace {
  readonly task: string;
  readonly seed: string;
  /** The threshold in force: "none" or a number. */
  readonly clip: string;
  readonly losses: readonly number[];
  /** Global norms before clipping, step by step. */
  readonly norms: readonly number[];
}

/** The rows of a CSV file, as objects by column name. */
export function readTable(file: string): Record<string, string>[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const [header = [], ...rows] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ""])));
}

/** All traces of a data folder, by `task|clip|seed`. */
export function readTraces(folder: string): Map<string, Trace> {
  const traces = new Map<string, Trace & { losses: number[]; norms: number[] }>();
  for (const file of readdirSync(join(folder, "traces")).sort()) {
    for (const { task, seed, clip, loss, norm } of readTable(join(folder, "traces", file))) {
      const key = `${task}|${clip}|${seed}`;
      const trace = traces.get(key) ?? { task: task!, seed: seed!, clip: clip!, losses: [], norms: [] };
      traces.set(key, trace);
      trace.losses.push(number(loss!));
      trace.norms.push(number(norm!));
    }
  }
  return traces;
}

/** As Python writes it. */
function number(text: string): number {
  return Number(text.replace("inf", "Infinity").replace("nan", "NaN"));
}
