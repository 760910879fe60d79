import type { Diagnosis } from "../../../protocol/advice.ts";
import type { Outcome } from "../../advice/outcome.ts";

/** What one run saw at one update, for the file that the update, or the clip before it, stands in. */
export interface ObservedUpdate extends Outcome {
  /** As it was asked for. */
  readonly file: string;
  readonly run: string;
  /** Unix seconds. */
  readonly startedAt: number;
  /** Unix seconds at which it exploded, or else began. */
  readonly seenAt: number;
  /** SHA-256 of this file as it ran, in hexadecimal; null where the run didn't tell. */
  readonly hash: string | null;
  readonly optimizer: string | null;
  /** From 1, where they are in this file; in a notebook, in a cell of it. */
  readonly siteLine: number | null;
  readonly clipLine: number | null;
  /** The hashes of those cells; null of a script. */
  readonly siteCell: string | null;
  readonly clipCell: string | null;
  /** Those of the latest cells that the kernel had run; null of a script. */
  readonly ranCells: readonly string[] | null;
  /** Clipping was seen, wherever it is. */
  readonly clips: boolean;
  readonly lastStep: number;
  /** The scale that the gradients still had when they were clipped; null: they had none. */
  readonly clippedScale: number | null;
  /** What is to be said of the run beside its threshold, most important first. */
  readonly diagnoses: readonly Diagnosis[];
}
