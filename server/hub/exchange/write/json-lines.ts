/**
 * A line about the run, then an object a step. What was not recorded is not there; NaN and the infinities, which JSON has
 * not, are their names as strings.
 */
import type { Samples } from "../../../../protocol/batch.ts";
import { SCALAR_NAMES } from "../../../../protocol/scalars.ts";
import { toJsonNumber } from "../../../../protocol/shape.ts";
import type { OutputFile } from "../output-file.ts";
import { FLAG_COLUMNS, FLAG_NAMES } from "../own-columns.ts";
import { isPresent, type Recorded, type RecordedRun } from "../recorded-run.ts";

const VERSION = 1;

export async function writeJsonLines(run: RecordedRun, file: OutputFile): Promise<void> {
  const { name, script, args, python, framework, frameworkVersion, startedAt } = run.info;
  const about = { name, script, args, python, framework, frameworkVersion, startedAt };
  await file.append(`${JSON.stringify({ gradsight: VERSION, run: about })}\n`);
  for await (const recorded of run.batches()) await file.append(linesOf(recorded).join(""));
}

function linesOf(recorded: Recorded): string[] {
  const { part, batch, layers } = recorded;
  const { steps, times, flags, scalars, groupRates } = batch;
  const lines = Array.from(steps, (step, i) => {
    const line: Record<string, unknown> = { ...part, step, time: times[i] };
    for (const scalar of SCALAR_NAMES)
      if (isPresent(batch, scalar, i)) line[scalar] = toJsonNumber(scalars[scalar]![i]!);
    for (const name of FLAG_NAMES) if (flags[i]! & FLAG_COLUMNS[name]) line[name] = true;
    const groups = groupRates ? groupRates.length / steps.length : 0;
    if (groupRates) line.group_lr = [...groupRates.subarray(i * groups, (i + 1) * groups)].map(toJsonNumber);
    return `${JSON.stringify(line)}\n`;
  });
  // Sampled at steps of their own, so on lines of their own.
  const { norms, weights } = batch.layers ?? {};
  for (const [kind, samples] of Object.entries({ layer_norm: norms, weight_norm: weights }))
    if (samples) lines.push(...sampleLines(recorded, kind, samples, layers));
  return lines;
}

function sampleLines({ part }: Recorded, kind: string, { steps, values }: Samples, names: readonly string[]): string[] {
  return Array.from(steps, (step, i) => {
    const row = values.subarray(i * names.length, (i + 1) * names.length);
    return `${JSON.stringify({ ...part, step, [kind]: Object.fromEntries(names.map((name, j) => [name, toJsonNumber(row[j]!)])) })}\n`;
  });
}
