/**
 * A line a step: the scalars, and no layers, whose hundreds of columns would be empty but for the few steps that were sampled. What was
 * not recorded is an empty cell; NaN and the infinities are `nan`, `inf` and `-inf`, as pandas reads them.
 */
import { SCALAR_NAMES } from "../../../../protocol/scalars.ts";
import type { OutputFile } from "../output-file.ts";
import { FLAG_COLUMNS, FLAG_NAMES, PLACE_COLUMNS } from "../own-columns.ts";
import { isPresent, type RecordedRun } from "../recorded-run.ts";

export async function writeCsv(run: RecordedRun, file: OutputFile): Promise<void> {
  const extents = await run.survey();
  const scalars = SCALAR_NAMES.filter((scalar) => extents.some((extent) => extent.scalars.has(scalar)));
  await file.append(`${[...PLACE_COLUMNS, ...scalars, ...FLAG_NAMES].join(",")}\n`);
  for await (const { part, batch } of run.batches()) {
    const { steps, times, flags } = batch;
    const place = [part.rank, part.attempt, quoted(part.series)];
    const lines = Array.from(steps, (step, i) => {
      const values = scalars.map((scalar) => (isPresent(batch, scalar, i) ? cell(batch.scalars[scalar]![i]!) : ""));
      const set = FLAG_NAMES.map((name) => (flags[i]! & FLAG_COLUMNS[name] ? 1 : 0));
      return `${[...place, step, times[i]!, ...values, ...set].join(",")}\n`;
    });
    await file.append(lines.join(""));
  }
}

function cell(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

const quoted = (text: string): string =>
  /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""').replace(/[\n\r]/g, " ")}"` : text;
