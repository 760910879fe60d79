/** What people call the step and the time, in logs that are tables. */
const STEPS = [
  "trainer/global_step",
  "train/global_step",
  "global_step",
  "step",
  "_step",
  "iteration",
  "iter",
  "num_updates",
];
const TIMES = ["time", "_timestamp", "wall_time", "timestamp", "created_at"];
/** Unix seconds of 1973 and 5138: what lies outside is no time of day. */
const EARLIEST = 1e8;
const LATEST = 1e11;

/** Columns that say where a row belongs, and are nothing that was measured. */
const PLACES = new Set([...STEPS, ...TIMES, "_runtime", "epoch", "train/epoch", "rank", "attempt"]);

export const STEP_NAMES = `"${STEPS.join('", "')}"`;

/** The names of the step and of the time among those of a table, in whatever case; undefined where there is none. */
export function placeNames(names: readonly string[]): { step: string | undefined; time: string | undefined } {
  const find = (known: readonly string[]) =>
    known.map((one) => names.find((name) => name.toLowerCase() === one)).find((name) => name !== undefined);
  return { step: find(STEPS), time: find(TIMES) };
}

/** The step that an object tells; null where it tells none. */
export function stepOf(values: Readonly<Record<string, number>>): number | null {
  const name = STEPS.find((step) => Object.hasOwn(values, step));
  return asStep(name === undefined ? null : values[name]);
}

export function timeOf(values: Readonly<Record<string, number>>): number | null {
  const name = TIMES.find((time) => Object.hasOwn(values, time));
  return asTime(name === undefined ? null : values[name]);
}

export const isPlaceName = (name: string): boolean => PLACES.has(name.toLowerCase());

export function asStep(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

export function asTime(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && value > EARLIEST && value < LATEST ? value : null;
}
