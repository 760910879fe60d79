import type { Diagnosis } from "../../protocol/advice.ts";
import type { Outcome } from "../advice/outcome.ts";

/** What a recorded run saw at one update of the text. The caller knows of runs; without any, the text speaks for itself. */
export interface ObservedRun extends Outcome {
  readonly run: string;
  /** As a sentence names it, after "on": "20 November". */
  readonly date: string;
  /** Where the run can be looked at; null where nowhere. */
  readonly link: string | null;
  /** The text is no longer what ran. */
  readonly older: boolean;
  /** The lines are those of the present text all the same: the cell that they are in has not changed. */
  readonly placed?: boolean;
  /** Its class, as it would be imported. */
  readonly optimizer: string | null;
  /** From 0, in the text that ran; null where it was in another file. */
  readonly siteLine: number | null;
  readonly clipLine: number | null;
  /** Clipping was seen, wherever it is. */
  readonly clips: boolean;
  readonly lastStep: number;
  /** The scale that the gradients still had when they were clipped; null: they had none. */
  readonly clippedScale: number | null;
  /** What is to be said of the run beside its threshold, most important first. */
  readonly diagnoses: readonly Diagnosis[];
}
