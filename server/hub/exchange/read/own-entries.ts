/** The lines of Gradsight's own JSON Lines, as own-lines.ts describes them. */
import { ShapeError } from "../../../../protocol/shape.ts";
import { numberIn } from "../lenient-json.ts";
import { type About, type Entry, type EventRow, type LayerRow, processKey, type Row } from "../log-format.ts";
import { MOST_RANKS, ownRow } from "../own-columns.ts";
import { declaredLine, eventLine, layerLine, processLine, runLine } from "../own-lines.ts";
import { stepOf, timeOf } from "./step-columns.ts";

type Line = Readonly<Record<string, unknown>>;

export const isRunLine = ({ gradsight, run }: Line): boolean =>
  typeof gradsight === "number" && typeof run === "object" && run !== null;

/** @throws {ShapeError} */
export function takeRunLine(line: Line, about: About): void {
  const { framework, frameworkVersion, script, cwd, code, tags, note, ...told } = runLine(line).run;
  const known = { framework, frameworkVersion, script, cwd, code, tags, note };
  Object.assign(about, told, Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null)));
  about.processes = new Map();
}

/** null for a line that `about` has taken. @throws {ShapeError} */
export function ownEntry(line: Line, about: About): Entry | null {
  if (line.process !== undefined) return takeProcess(line, about);
  if (line.declared !== undefined) return takeDeclared(line, about);
  if (line.event !== undefined) return eventOf(line, about);
  if (line.layers !== undefined) return layersOf(line, about);
  return stepRow(line);
}

function takeProcess(line: Line, { processes }: About): null {
  const { rank, attempt, process } = processLine(line);
  if (rank >= MOST_RANKS) throw new ShapeError("rank", `less than ${MOST_RANKS}`);
  processes!.set(processKey({ rank, attempt }), { rank, attempt, ...process, series: [] });
  return null;
}

function takeDeclared(line: Line, about: About): null {
  const { declared, ...place } = declaredLine(line);
  processOf(about, place).series.push(declared);
  return null;
}

function eventOf(line: Line, about: About): EventRow {
  const { event, ...place } = eventLine(line);
  const { rank, attempt } = processOf(about, place);
  return { process: { rank, attempt }, event };
}

function layersOf(line: Line, about: About): LayerRow {
  const { rank, attempt, series, step, layers: table, layer_norm, weight_norm } = layerLine(line);
  if (!layer_norm && !weight_norm) throw new ShapeError("layer_norm", "a list of numbers");
  const tables = processOf(about, { rank, attempt }).series.find(({ id }) => id === series)?.layers ?? {};
  const names = Object.hasOwn(tables, table) ? tables[table]! : null;
  for (const [path, values] of Object.entries({ layer_norm, weight_norm }))
    if (values && values.length !== names?.length)
      throw new ShapeError(path, "as many values as its layer table has names");
  return { part: { rank, attempt, series }, step, table, norms: layer_norm, weights: weight_norm };
}

/** null where the step is missing, or the place that it has in the run. */
function stepRow({ rank, attempt, series, group_lr: rates, ...line }: Line): Row | null {
  const own = ownRow({ rank, attempt, series }, (flag) => line[flag] === true);
  const values: Record<string, number> = {};
  for (const [name, value] of Object.entries(line)) {
    const number = numberIn(value);
    if (number !== null) values[name] = number;
  }
  const step = stepOf(values);
  if (!own || step === null) return null;
  return {
    step,
    time: timeOf(values),
    values,
    own: { ...own, ...(Array.isArray(rates) && { rates: ratesOf(rates) }) },
  };
}

const ratesOf = (rates: readonly unknown[]): Float64Array =>
  Float64Array.from(rates, (rate) => numberIn(rate) ?? Number.NaN);

function processOf({ processes }: About, place: { rank: number; attempt: number }) {
  const process = processes!.get(processKey(place));
  if (!process) throw new ShapeError("attempt", "a process that a line before tells of");
  return process;
}
