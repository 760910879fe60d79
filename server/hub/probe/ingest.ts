import { type Batch, readBatch } from "../../../protocol/batch.ts";
import { decodeFrame, FrameError } from "../../../protocol/frame.ts";
import type { ProbeMessage, SeriesInfo, Story } from "../../../protocol/telemetry.ts";
import { PROTOCOL_VERSION } from "../../../protocol/version.ts";
import type { Store } from "../store/store.ts";
import { Attempt } from "./attempt.ts";
import type { Commits } from "./commits.ts";

type Message<T extends ProbeMessage["type"]> = Extract<ProbeMessage, { type: T }>;

/** The hub will not take this probe's telemetry, now or later; the message is for the user. */
export class Refusal extends Error {}

export class DeletedRun extends Refusal {
  constructor() {
    super("This run was deleted in the editor.");
  }
}

/** What arrives of a probe, by socket or by spill file, checked and queued for the store. */
export class Ingest {
  private readonly store: Store;
  private readonly commits: Commits;
  private readonly onStored: (run: number, steps: number) => void;

  /** `onStored`: told of each frame that is put into the store, before the commit. */
  constructor(store: Store, commits: Commits, onStored: (run: number, steps: number) => void = () => {}) {
    this.store = store;
    this.commits = commits;
    this.onStored = onStored;
  }

  /** `heardAt`: Unix seconds at which it was said, if not now. @throws {Refusal} */
  open(hello: Message<"hello">, heardAt: number | null = null): Attempt {
    const { protocol, run, attempt, rank, series } = hello;
    if (protocol !== PROTOCOL_VERSION)
      throw new Refusal(
        `The probe speaks protocol ${protocol}, this editor's Gradsight speaks ${PROTOCOL_VERSION}. Use the probe that comes with it.`,
      );
    if (this.store.runs.wasDeleted(run.id)) throw new DeletedRun();
    // What an earlier connection of this attempt queued decides where this one goes on.
    this.commits.flush();
    return this.store.transaction(() => {
      const runKey = this.store.runs.put(run, rank);
      const stored = this.store.attempts.put(runKey, hello, heardAt ?? Date.now() / 1000);
      const state = new Attempt({
        key: stored.key,
        runKey,
        run: run.id,
        attempt,
        rank,
        next: stored.nextSeq,
        ended: stored.status !== null,
        heardAt,
      });
      for (const info of series) this.store.series.put(stored.key, info);
      for (const { info, lastStep } of this.store.series.ofAttempt(stored.key)) state.declare(info, lastStep);
      return state;
    });
  }

  declare(attempt: Attempt, info: SeriesInfo): void {
    this.commits.flush();
    if (!this.store.attempts.exists(attempt.key)) return;
    attempt.declare(this.store.transaction(() => this.store.series.put(attempt.key, info)));
  }

  /** @throws {FrameError} if the frame is dropped */
  frame(attempt: Attempt, bytes: Uint8Array): void {
    const batch = readBatch(decodeFrame(bytes));
    attempt.check(batch);
    const { seq, series, steps } = batch;
    if (seq < attempt.next) this.checkLate(attempt, batch);
    else if (attempt.ended) throw new FrameError("the run has ended already");
    else if (steps.length > 0 && steps[0]! <= attempt.lastStep(series))
      throw new FrameError(`step ${steps[0]} comes after step ${attempt.lastStep(series)}`);
    attempt.next = Math.max(attempt.next, seq + 1);
    if (steps.length > 0) attempt.advance(series, steps.at(-1)!);
    this.commits.add(attempt, bytes.byteLength, ({ frames, series: table }) => {
      if (!frames.add(attempt.runKey, attempt.key, batch, bytes)) return;
      this.onStored(attempt.runKey, steps.length);
      if (steps.length > 0) table.advance(attempt.key, series, steps.length, steps.at(-1)!);
    });
  }

  event(attempt: Attempt, { seq, event, story }: Message<"event">): void {
    if (seq >= attempt.next && attempt.ended) throw new FrameError("the run has ended already");
    if (seq < attempt.next && this.store.frames.has(attempt.key, seq)) throw new FrameError(`seq ${seq} was a frame`);
    attempt.next = Math.max(attempt.next, seq + 1);
    this.commits.add(attempt, event.message.length, ({ events, attempts }) => {
      if (events.add(attempt.runKey, attempt.key, seq, event) && story) attempts.tell(attempt.key, story);
    });
  }

  /** What an event or the end tells counts more. */
  story(attempt: Attempt, story: Story): void {
    this.commits.add(attempt, 0, ({ attempts }) => attempts.tellFirst(attempt.key, story));
  }

  end(attempt: Attempt, message: Message<"end">): void {
    const replayed = attempt.ended;
    attempt.ended = true;
    attempt.next = Math.max(attempt.next, message.seq + 1);
    this.commits.add(attempt, 0, ({ attempts }) => {
      if (replayed) return;
      attempts.end(attempt.key, message);
      if (message.story) attempts.tell(attempt.key, message.story);
    });
    this.commits.flush();
  }

  /** Late frames either are here already (a replay, which changes nothing) or must fit where they were missed. */
  private checkLate(attempt: Attempt, { seq, series, steps }: Batch): void {
    this.commits.flush();
    if (this.store.frames.has(attempt.key, seq)) return;
    if (this.store.events.has(attempt.key, seq)) throw new FrameError(`seq ${seq} was an event`);
    if (steps.length === 0) return;
    const { before, after } = this.store.frames.stepsAround(attempt.key, series, seq);
    if (steps[0]! <= before || steps.at(-1)! >= after) throw new FrameError(`seq ${seq}: steps out of order`);
  }
}
