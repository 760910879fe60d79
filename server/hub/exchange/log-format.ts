/** What every kind of log is read into. */
import type { ImportFormat } from "../../../protocol/exchange.ts";
import type { RunCode, RunEvent, SeriesInfo } from "../../../protocol/telemetry.ts";
import type { StoredAttempt } from "../store/attempts.ts";
import type { LogFile } from "./log-file.ts";

/** What was logged at one step, by the names of the file; there may be several rows of a step. */
export interface Row {
  readonly step: number;
  /** Unix seconds; null where the file doesn't tell. */
  readonly time: number | null;
  readonly values: Readonly<Record<string, number>>;
  /** The program was started again here: what it had told of this step and later ones doesn't count. */
  readonly voidsFrom?: true;
  /** Where the file is one that Gradsight wrote. */
  readonly own?: {
    readonly part: Part;
    readonly flags: number;
    /** The learning rate of each parameter group, where there are several. */
    readonly rates?: Float64Array;
  };
}

/** The norms of a series' layers at one step. */
export interface LayerRow {
  readonly part: Part;
  readonly step: number;
  /** The id of the layer table that the values are in the order of. */
  readonly table: string;
  /** Of the gradients, and of the weights; null: not sampled at this step. */
  readonly norms: Float32Array | null;
  readonly weights: Float32Array | null;
}

/** What happened in one process; its series by the id that the process gave it. */
export interface EventRow {
  readonly process: Pick<Part, "rank" | "attempt">;
  readonly event: RunEvent;
}

/** Of these only files that Gradsight wrote hold more than rows. */
export type Entry = Row | LayerRow | EventRow;

/** Which steps a step lies among. */
export interface Part {
  readonly rank: number;
  /** 0 for the rank's first. */
  readonly attempt: number;
  readonly series: string;
}

/** One process start of one rank, as a file that Gradsight wrote tells of it. */
export interface ProcessAbout
  extends Pick<StoredAttempt, "rank" | "worldSize" | "group" | "lastSeen" | "status" | "error" | "exitCode" | "story"> {
  readonly attempt: number;
  readonly series: SeriesInfo[];
}

/** What a log tells of its run beside numbers. */
export interface About {
  name?: string;
  framework?: string;
  frameworkVersion?: string;
  python?: string;
  script?: string;
  args?: readonly string[];
  cwd?: string;
  code?: RunCode;
  /** What the user said of it. */
  tags?: readonly string[];
  note?: string;
  /** Unix seconds. */
  startedAt?: number;
  exitCode?: number;
  /** The `max_grad_norm` that a trainer was given, and under which name it logs the norm that it clips. */
  clipping?: { readonly norm: string; readonly threshold: number };
  /** By `processKey`, in the order in which they were first heard of; undefined where the log doesn't know of any. */
  processes?: Map<string, ProcessAbout>;
}

export const processKey = ({ rank, attempt }: Pick<Part, "rank" | "attempt">): string => `${rank} ${attempt}`;

export interface LogFormat {
  readonly id: ImportFormat;
  /** As a message names it. */
  readonly title: string;
  /** By its name and its first bytes. */
  recognizes(name: string, head: Buffer): boolean;
  /** Fills in `about` on the way. @throws {BadFile} */
  rows(file: LogFile, about: About): AsyncGenerator<Entry>;
}
