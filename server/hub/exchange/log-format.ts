/** What every kind of log is read into. */
import type { ImportFormat } from "../../../protocol/exchange.ts";
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
  readonly own?: { readonly part: Part; readonly flags: number };
}

/** Which steps a step lies among. */
export interface Part {
  readonly rank: number;
  /** 0 for the rank's first. */
  readonly attempt: number;
  readonly series: string;
}

/** What a log tells of its run beside numbers. */
export interface About {
  name?: string;
  framework?: string;
  frameworkVersion?: string;
  python?: string;
  script?: string;
  args?: readonly string[];
  /** Unix seconds. */
  startedAt?: number;
  exitCode?: number;
  /** The `max_grad_norm` that a trainer was given, and under which name it logs the norm that it clips. */
  clipping?: { readonly norm: string; readonly threshold: number };
}

export interface LogFormat {
  readonly id: ImportFormat;
  /** As a message names it. */
  readonly title: string;
  /** By its name and its first bytes. */
  recognizes(name: string, head: Buffer): boolean;
  /** Fills in `about` on the way. @throws {BadFile} */
  rows(file: LogFile, about: About): AsyncGenerator<Row>;
}
