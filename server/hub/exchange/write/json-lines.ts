/** All that was recorded, as own-lines.ts describes it, so that an import of it gives the same run again. */
import type { LayerSamples } from "../../../../protocol/batch.ts";
import { SCALAR_NAMES } from "../../../../protocol/scalars.ts";
import { type JsonNumber, toJsonNumber } from "../../../../protocol/shape.ts";
import type { EventRow, ProcessAbout } from "../log-format.ts";
import type { OutputFile } from "../output-file.ts";
import { FLAG_COLUMNS, FLAG_NAMES } from "../own-columns.ts";
import { OWN_VERSION } from "../own-lines.ts";
import { isPresent, type Recorded, type RecordedRun } from "../recorded-run.ts";

export async function writeJsonLines(run: RecordedRun, file: OutputFile): Promise<void> {
  const write = async (lines: readonly object[]) =>
    file.append(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  await write([runLine(run), ...run.processes().flatMap(processLines)]);
  for await (const recorded of run.batches()) await write([...stepLines(recorded), ...layerLines(recorded)]);
  for await (const events of run.events()) await write(events.map(eventLine));
}

function runLine({ info, tags, note }: RecordedRun): object {
  const { name, script, args, cwd, python, framework, frameworkVersion, startedAt, code } = info;
  const about = { name, script, args, cwd, python, framework, frameworkVersion, startedAt, code, tags, note };
  return { gradsight: OWN_VERSION, run: about };
}

const processLines = ({ rank, attempt, series, ...process }: ProcessAbout): object[] => [
  { rank, attempt, process },
  ...series.map((declared) => ({ rank, attempt, declared })),
];

const eventLine = ({ process, event }: EventRow): object => ({ ...process, event });

function stepLines({ part, batch }: Recorded): object[] {
  const { steps, times, flags, scalars, groupRates } = batch;
  const groups = groupRates ? groupRates.length / steps.length : 0;
  return Array.from(steps, (step, i) => {
    const line: Record<string, unknown> = { ...part, step, time: times[i] };
    for (const scalar of SCALAR_NAMES)
      if (isPresent(batch, scalar, i)) line[scalar] = toJsonNumber(scalars[scalar]![i]!);
    for (const name of FLAG_NAMES) if (flags[i]! & FLAG_COLUMNS[name]) line[name] = true;
    if (groupRates) line.group_lr = Array.from(groupRates.subarray(i * groups, (i + 1) * groups), toJsonNumber);
    return line;
  });
}

/** Sampled at steps of their own, so on lines of their own. */
function layerLines({ part, batch: { layers } }: Recorded): object[] {
  if (!layers) return [];
  const { table, width, norms, weights }: LayerSamples = layers;
  const samples = [
    { name: "layer_norm", taken: norms },
    { name: "weight_norm", taken: weights },
  ];
  return samples.flatMap(({ name, taken }) =>
    Array.from(taken?.steps ?? [], (step, i) => {
      const row = taken!.values.subarray(i * width, (i + 1) * width);
      return { ...part, step, layers: table, [name]: Array.from(row, toSingle) };
    }),
  );
}

/** Nine digits tell every number of single precision from its neighbours. */
const toSingle = (value: number): JsonNumber =>
  Number.isFinite(value) ? Number(value.toPrecision(9)) : toJsonNumber(value);
