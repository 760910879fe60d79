import type { WebSocket } from "ws";

/** Messages a second, and how many may come at once. */
const RATE = 5_000;
const BURST = 10_000;

/** Stops reading from a connection that sends more than anyone would, until it is within its rate again. */
export class Throttle {
  private readonly socket: Pick<WebSocket, "isPaused" | "pause" | "resume">;
  private readonly onFirst: () => void;
  private readonly now: () => number;
  private credit = BURST;
  private refilledAt: number;
  private throttled = false;

  /** `now`: a clock, in milliseconds. */
  constructor(socket: Throttle["socket"], onFirst: () => void, now: () => number = () => performance.now()) {
    this.socket = socket;
    this.onFirst = onFirst;
    this.now = now;
    this.refilledAt = now();
  }

  count(): void {
    this.credit -= 1;
    if (this.credit >= 0 || this.socket.isPaused) return;
    const now = this.now();
    this.credit = Math.min(BURST, this.credit + ((now - this.refilledAt) / 1000) * RATE);
    this.refilledAt = now;
    if (this.credit >= 0) return;
    if (!this.throttled) this.onFirst();
    this.throttled = true;
    this.socket.pause();
    setTimeout(() => this.socket.resume(), 100).unref();
  }
}
