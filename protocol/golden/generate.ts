/**
 * Writes the golden vectors that the TypeScript and the Python tests both read: `node protocol/golden/generate.ts`.
 * `index.json` says what each file holds; numbers that JSON lacks are written as "NaN", "Infinity", "-Infinity".
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { toJsonNumber } from "../shape.ts";
import { type GoldenFrame, goldenFrames } from "./frames.ts";
import { malformedFrames } from "./malformed.ts";
import { messages } from "./messages.ts";
import { spills } from "./spills.ts";

/** Every file of this folder that is generated, by its path within it. */
export function goldenFiles(): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const { file, bytes } of [...goldenFrames, ...malformedFrames, ...spills]) files.set(file, bytes);
  const index = {
    frames: goldenFrames.map(describe),
    malformed: malformedFrames.map(({ bytes: _, ...entry }) => entry),
    messages,
    spills: spills.map(({ bytes: _, ...entry }) => entry),
  };
  files.set("index.json", new TextEncoder().encode(`${JSON.stringify(index, null, 1)}\n`));
  return files;
}

function describe({ file, about, frame }: GoldenFrame) {
  const columns = Object.entries(frame.columns).map(([name, { dtype, shape, data }]) => [
    name,
    { dtype, shape, values: Array.from<number | bigint, unknown>(data, (value) => toJsonNumber(Number(value))) },
  ]);
  return { file, about, metadata: frame.metadata, columns: Object.fromEntries(columns) };
}

if (import.meta.main) {
  const folder = import.meta.dirname;
  for (const generated of ["frames", "malformed", "spill"])
    rmSync(join(folder, generated), { recursive: true, force: true });
  for (const [file, bytes] of goldenFiles()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), bytes);
  }
}
