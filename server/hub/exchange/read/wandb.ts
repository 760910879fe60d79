/**
 * The `run-<id>.wandb` file that W&B writes for every run, offline or not: a log of `Record`
 * (wandb/proto/wandb_internal.proto). What is nested is named by its path with dots, as W&B shows it.
 */
import { numberIn, parseLenient } from "../lenient-json.ts";
import { logRecordsIn, WANDB_MAGIC } from "../leveldb-log.ts";
import { BadFile } from "../log-file.ts";
import type { About, LogFormat, Row } from "../log-format.ts";
import { fieldsOf, ProtobufError } from "../protobuf.ts";
import { asStep, asTime, stepOf } from "./step-columns.ts";

const RECORD = { history: 2, config: 5, run: 17, exit: 18 };
const HISTORY = { item: 1, step: 2 };
const HISTORY_STEP = { number: 1 };
const RUN = { id: 1, config: 4, displayName: 8, startTime: 17, telemetry: 19 };
const TELEMETRY = { python: 4 };
const TIMESTAMP = { seconds: 1 };
const CONFIG = { update: 1 };
const EXIT = { code: 1 };
/** Of the items of a history and of a configuration alike. */
const ITEM = { key: 1, nestedKey: 2, integer: 5, number: 6, json: 16 };

export const wandb: LogFormat = {
  id: "wandb",
  title: "W&B run",

  recognizes: (name, head) => head.subarray(0, WANDB_MAGIC.length).equals(WANDB_MAGIC) || name.endsWith(".wandb"),

  async *rows(file, about) {
    const config = new Map<string, number | string>();
    try {
      for await (const record of logRecordsIn(file))
        for (const { number, bytes } of fieldsOf(record)) {
          if (number === RECORD.run) readRun(bytes, about, config);
          else if (number === RECORD.config) readConfig(bytes, config);
          else if (number === RECORD.exit) readExit(bytes, about);
          else if (number === RECORD.history) {
            const row = readHistory(bytes);
            if (row) yield row;
          }
          noteClipping(config, about);
        }
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error;
      throw new BadFile(`${file.name} holds records, but not those of W&B: ${error.message}.`);
    }
  },
};

function readHistory(history: Buffer): Row | null {
  const values: Record<string, number> = {};
  let step = 0;
  for (const { number, bytes } of fieldsOf(history)) {
    if (number === HISTORY.item) {
      const { name, value } = readItem(bytes);
      if (typeof value === "number") values[name] = value;
    } else if (number === HISTORY.step)
      for (const field of fieldsOf(bytes)) if (field.number === HISTORY_STEP.number) step = field.varint;
  }
  // What the trainer counts, where it does: W&B's own step counts calls of `log`.
  const at = stepOf(values) ?? asStep(step);
  return at === null ? null : { step: at, time: asTime(values._timestamp), values };
}

function readItem(item: Buffer): { name: string; value: number | string | null } {
  let key = "";
  const nested: string[] = [];
  let value: number | string | null = null;
  for (const { number, varint, bytes } of fieldsOf(item)) {
    if (number === ITEM.key) key = bytes.toString();
    else if (number === ITEM.nestedKey) nested.push(bytes.toString());
    else if (number === ITEM.integer) value = varint;
    else if (number === ITEM.number) value = bytes.readDoubleLE();
    else if (number === ITEM.json) value = fromJson(bytes.toString());
  }
  return { name: key || nested.join("."), value };
}

function fromJson(json: string): number | string | null {
  try {
    const value = parseLenient(json);
    return numberIn(value) ?? (typeof value === "string" ? value : null);
  } catch {
    return null;
  }
}

function readRun(run: Buffer, about: About, config: Map<string, number | string>): void {
  for (const { number, bytes } of fieldsOf(run)) {
    if (number === RUN.displayName && bytes.length > 0) about.name = bytes.toString();
    else if (number === RUN.id) about.name ??= bytes.toString();
    else if (number === RUN.config) readConfig(bytes, config);
    else if (number === RUN.startTime) {
      for (const field of fieldsOf(bytes)) if (field.number === TIMESTAMP.seconds) about.startedAt = field.varint;
    } else if (number === RUN.telemetry)
      for (const field of fieldsOf(bytes)) if (field.number === TELEMETRY.python) about.python = field.bytes.toString();
  }
}

function readConfig(record: Buffer, config: Map<string, number | string>): void {
  for (const { number, bytes } of fieldsOf(record)) {
    if (number !== CONFIG.update) continue;
    const { name, value } = readItem(bytes);
    if (value !== null) config.set(name, value);
  }
}

function readExit(exit: Buffer, about: About): void {
  about.exitCode = 0;
  for (const { number, varint } of fieldsOf(exit)) if (number === EXIT.code) about.exitCode = varint;
}

/** Hugging Face's trainers give W&B all their arguments, and log what clipping with `max_grad_norm` returned. */
function noteClipping(config: ReadonlyMap<string, number | string>, about: About): void {
  const version = config.get("transformers_version");
  const threshold = config.get("max_grad_norm");
  if (typeof version !== "string") return;
  about.framework = "transformers";
  about.frameworkVersion = version;
  if (typeof threshold === "number" && threshold > 0) about.clipping = { norm: "train/grad_norm", threshold };
}
