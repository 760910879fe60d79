import { FrameError } from "../../../protocol/frame.ts";
import { ShapeError } from "../../../protocol/shape.ts";
import { type HubToProbeMessage, probeMessage } from "../../../protocol/telemetry.ts";
import { PROTOCOL_VERSION } from "../../../protocol/version.ts";
import type { Log } from "../thread.ts";
import type { Attempt } from "./attempt.ts";
import { DeletedRun, type Ingest, Refusal } from "./ingest.ts";
import { LiveControl } from "./live-control.ts";

/** Frames that may be dropped one after the other before the connection is. */
const PATIENCE = 10;

/** "refused", "deleted": never to come back; "store": what is unacknowledged must come again; "replaced": by a newer connection. */
export type CloseReason = "malformed" | "refused" | "deleted" | "store" | "replaced" | "silent";

/** The other end: a socket or a spill file. */
export interface Peer {
  send(message: HubToProbeMessage): void;
  close(reason: CloseReason): void;
}

/** One probe's side of the conversation. Whatever it sends, only this session suffers. */
export class ProbeSession {
  attempt: Attempt | null = null;
  isClosed = false;
  /** null: its run allows none. */
  control: LiveControl | null = null;
  private readonly ingest: Ingest;
  private readonly peer: Peer;
  private readonly log: Log;
  private readonly heardAt: number | null;
  private dropped = 0;

  /** `heardAt`: Unix seconds at which it was said, if not now. */
  constructor(ingest: Ingest, peer: Peer, log: Log, heardAt: number | null = null) {
    this.ingest = ingest;
    this.peer = peer;
    this.log = log;
    this.heardAt = heardAt;
  }

  /** A control message. */
  text(json: string): void {
    this.guard(() => {
      const message = probeMessage(JSON.parse(json));
      if (message.type === "hello") {
        if (this.attempt) throw new FrameError("a second hello");
        this.attempt = this.ingest.open(message, this.heardAt);
        this.log("info", `Run ${quote(message.run.name)} connected (rank ${message.rank}, next ${this.attempt.next}).`);
        this.peer.send({ type: "welcome", protocol: PROTOCOL_VERSION, next: this.attempt.next });
        if (message.control)
          this.control = new LiveControl(message.control, message.worldSize, (asked) => this.peer.send(asked));
        return;
      }
      const attempt = this.greeted();
      if (message.type === "series") this.ingest.declare(attempt, message.series);
      else if (message.type === "event") this.ingest.event(attempt, message);
      else if (message.type === "story") this.ingest.story(attempt, message.story);
      else if (message.type === "controlled") this.allowed().answered(message);
      else if (message.type === "control") this.allowed().told(message.control);
      else this.ingest.end(attempt, message);
    });
  }

  /** A batch of steps. One that is malformed or out of order is dropped; the next one then marks the gap. */
  binary(bytes: Uint8Array): void {
    this.guard(() => {
      const attempt = this.greeted();
      try {
        this.ingest.frame(attempt, bytes);
        this.dropped = 0;
      } catch (error) {
        if (!(error instanceof FrameError) || ++this.dropped >= PATIENCE) throw error;
        this.log("warn", `Dropped a frame of run ${quote(attempt.run)}: ${printable(error.message)}`);
      }
    });
  }

  /** Everything below `next` is on disk. */
  acknowledge(next: number): void {
    if (!this.isClosed) this.peer.send({ type: "ack", next });
  }

  /** Tells the probe never to come back. */
  refuse(refusal: Refusal): void {
    if (this.isClosed) return;
    this.peer.send({ type: "refused", reason: refusal.message });
    this.close(refusal instanceof DeletedRun ? "deleted" : "refused");
  }

  close(reason: CloseReason): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.control?.close();
    this.peer.close(reason);
  }

  private allowed(): LiveControl {
    if (!this.control) throw new FrameError("a word on control of a run that allows none");
    return this.control;
  }

  private greeted(): Attempt {
    if (!this.attempt) throw new FrameError("no hello before it");
    return this.attempt;
  }

  private guard(handle: () => void): void {
    if (this.isClosed) return;
    try {
      handle();
    } catch (error) {
      const { message } = error as Error;
      this.log("warn", `Closed a probe's connection: ${printable(message)}`);
      if (error instanceof Refusal) this.refuse(error);
      else if (error instanceof FrameError || error instanceof ShapeError || error instanceof SyntaxError)
        this.close("malformed");
      else this.close("store");
    }
  }
}

/** Names come from outside: what is logged of them must not break or forge a line. */
const printable = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]/gu, " ").slice(0, 300);
const quote = (name: string): string => `"${printable(name)}"`;
