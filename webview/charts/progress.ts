/** Where the training is at a step, in words: its epoch, and what was saved there. */
import type { RunEvent } from "../../protocol/telemetry.ts";
import { epochName } from "../format.ts";
import type { Tile } from "../hub/tile.ts";
import { checkpointsOf } from "./checkpoints.ts";
import { epochAt, epochsOf } from "./epochs.ts";

export interface Progress {
  /** null where it is not known. */
  readonly epoch: number | null;
  /** The names of all that were saved in the bucket; "" for none. */
  readonly saved: string;
}

/** In one line. */
export const lineOf = ({ epoch, saved }: Progress): string =>
  [epoch === null ? "" : epochName(epoch), saved].filter((text) => text !== "").join(" · ");

/** What there is to tell of each bucket; `hasEpochs`, `hasSaved`: of any. */
export function progressOf(events: readonly RunEvent[], tile: Tile) {
  const [epochs, checkpoints] = [epochsOf(events), checkpointsOf(events)];
  const [first, last] = [tile.from[0] ?? 0, tile.to.at(-1) ?? -1];
  return {
    hasEpochs: epochs.some(({ step }) => step <= last),
    hasSaved: checkpoints.some(({ step }) => step >= first && step <= last),
    /** `step` is one in the bucket. */
    at(bucket: number, step = tile.from[bucket]!): Progress {
      const [from, to] = [tile.from[bucket]!, tile.to[bucket]!];
      const epoch = epochAt(epochs, step);
      const saved = checkpoints.filter((checkpoint) => checkpoint.step >= from && checkpoint.step <= to);
      return {
        epoch: epoch?.number ?? null,
        saved: saved.map(({ name }) => name).join(", "),
      };
    },
  };
}
