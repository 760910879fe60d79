/** JSON Lines: an object a line, with a step and numbers. What is nested is named by its path, as in `train/loss`. */
import { ShapeError } from "../../../../protocol/shape.ts";
import { numberIn, parseLenient } from "../lenient-json.ts";
import { BadFile, type LogFile } from "../log-file.ts";
import type { LogFormat, Row } from "../log-format.ts";
import { isRunLine, ownEntry, takeRunLine } from "./own-entries.ts";
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
    let isOwn = false;
    for await (const line of file.lines()) {
      number += 1;
      if (line.trim() === "") continue;
      const entry = parse(file, line, number);
      if (entry === null) return;
      try {
        if (number === 1 && isRunLine(entry)) {
          isOwn = true;
          takeRunLine(entry, about);
          continue;
        }
        const row = isOwn ? ownEntry(entry, about) : rowOf(entry);
        found ||= row !== null;
        if (row) yield row;
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        throw new BadFile(`Line ${number} of ${file.name}: ${error.message}.`);
      }
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

function rowOf(entry: Record<string, unknown>): Row | null {
  const values = numbersIn(entry, 1);
  const step = stepOf(values);
  return step === null ? null : { step, time: timeOf(values), values };
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
