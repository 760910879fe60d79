/** JSON Lines: an object a line, with a step and numbers. What is nested is named by its path, as in `train/loss`. */

import { numberIn, parseLenient } from "../lenient-json.ts";
import { BadFile, type LogFile } from "../log-file.ts";
import type { About, LogFormat, Row } from "../log-format.ts";
import { ownRow } from "../own-columns.ts";
import { STEP_NAMES, stepOf, timeOf } from "./step-columns.ts";

const DEEPEST = 4;

export const jsonLines: LogFormat = {
  id: "json-lines",
  title: "JSON Lines",

  recognizes(name, head) {
    const [line = "", ...more] = head.toString().trimStart().split("\n");
    if (!line.startsWith("{")) return false;
    if (/\.(jsonl|ndjson)$/.test(name)) return true;
    return more.length > 0 && line.trimEnd().endsWith("}") && !line.includes('"log_history"');
  },

  async *rows(file, about) {
    let number = 0;
    let found = false;
    for await (const line of file.lines()) {
      number += 1;
      if (line.trim() === "") continue;
      const entry = parse(file, line, number);
      if (entry === null) return;
      const header = headerOf(entry);
      if (header) Object.assign(about, header);
      const row = header ? null : rowOf(entry);
      found ||= row !== null;
      if (row) yield row;
    }
    if (!found) throw new BadFile(`No line of ${file.name} tells its step. It is looked for as ${STEP_NAMES}.`);
  },
};

/** null for a last line that was cut off, as a killed process leaves it. @throws {BadFile} */
function parse(file: LogFile, line: string, number: number): Record<string, unknown> | null {
  try {
    const entry = parseLenient(line);
    if (typeof entry === "object" && entry !== null && !Array.isArray(entry)) return entry as Record<string, unknown>;
  } catch {
    if (number > 1 && file.isAtEnd) return null;
  }
  throw new BadFile(`Line ${number} of ${file.name} is not a JSON object.`);
}

function rowOf({ rank, attempt, series, ...entry }: Record<string, unknown>): Row | null {
  const own = ownRow({ rank, attempt, series }, (flag) => entry[flag] === true);
  // What is nested in ours are layers, of which no series is made.
  const values = own ? numbersIn(entry, DEEPEST) : numbersIn({ rank, attempt, series, ...entry }, 1);
  const step = stepOf(values);
  return step === null ? null : { step, time: timeOf(values), values, ...(own && { own }) };
}

function numbersIn(entry: object, depth: number, path = "", into: Record<string, number> = {}): Record<string, number> {
  for (const [key, value] of Object.entries(entry)) {
    const number = numberIn(value);
    if (number !== null) into[path + key] = number;
    else if (typeof value === "object" && value !== null && !Array.isArray(value) && depth < DEEPEST)
      numbersIn(value, depth + 1, `${path}${key}/`, into);
  }
  return into;
}

/** What the first line of ours says of the run. */
function headerOf({ gradsight, run }: Record<string, unknown>): About | null {
  if (gradsight === undefined || typeof run !== "object" || run === null) return null;
  const { name, framework, frameworkVersion, python, script, args, startedAt } = run as Record<string, unknown>;
  const about: About = {};
  if (typeof name === "string") about.name = name;
  if (typeof framework === "string") about.framework = framework;
  if (typeof frameworkVersion === "string") about.frameworkVersion = frameworkVersion;
  if (typeof python === "string") about.python = python;
  if (typeof script === "string") about.script = script;
  if (Array.isArray(args)) about.args = args.filter((arg) => typeof arg === "string");
  if (typeof startedAt === "number" && Number.isFinite(startedAt)) about.startedAt = startedAt;
  return about;
}
