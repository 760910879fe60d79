import type { Batch } from "../../../protocol/batch.ts";
import { FrameError } from "../../../protocol/frame.ts";
import type { SeriesInfo } from "../../../protocol/telemetry.ts";

interface SeriesState {
  info: SeriesInfo;
  /** -1 before the first step. */
  lastStep: number;
}

/** One process of one rank of a run, as far as its telemetry has been taken (committed or about to be). */
export class Attempt {
  readonly key: number;
  readonly runKey: number;
  readonly run: string;
  readonly attempt: string;
  readonly rank: number;
  /** The next seq to take. */
  next: number;
  ended: boolean;
  /** Unix seconds at which it said what it says, where that isn't now: in a spill file. */
  readonly heardAt: number | null;
  /** Something of it could not be written: nothing more is taken until its next hello. */
  broken = false;
  private readonly series = new Map<string, SeriesState>();

  constructor(fields: Pick<Attempt, "key" | "runKey" | "run" | "attempt" | "rank" | "next" | "ended" | "heardAt">) {
    this.key = fields.key;
    this.runKey = fields.runKey;
    this.run = fields.run;
    this.attempt = fields.attempt;
    this.rank = fields.rank;
    this.next = fields.next;
    this.ended = fields.ended;
    this.heardAt = fields.heardAt;
  }

  declare(info: SeriesInfo, lastStep = -1): void {
    const known = this.series.get(info.id);
    this.series.set(info.id, { info, lastStep: Math.max(lastStep, known?.lastStep ?? -1) });
  }

  /** @throws {FrameError} if the batch isn't of this attempt or names what was never declared */
  check(batch: Batch): void {
    if (batch.run !== this.run || batch.attempt !== this.attempt || batch.rank !== this.rank)
      throw new FrameError("run, attempt or rank is not the connection's");
    const series = this.series.get(batch.series);
    if (!series) throw new FrameError("a series that was not declared");
    if (!batch.layers) return;
    const { table, width } = batch.layers;
    const names = Object.hasOwn(series.info.layers, table) ? series.info.layers[table] : undefined;
    if (names?.length !== width) throw new FrameError("layer_norm doesn't fit its layer table");
  }

  lastStep(series: string): number {
    return this.series.get(series)?.lastStep ?? -1;
  }

  advance(series: string, step: number): void {
    const state = this.series.get(series);
    if (state) state.lastStep = Math.max(state.lastStep, step);
  }
}
