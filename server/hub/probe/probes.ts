import type { WebSocket } from "ws";
import type { Store } from "../store/store.ts";
import type { Log } from "../thread.ts";
import { Throttle } from "../throttle.ts";
import type { Attempt } from "./attempt.ts";
import { type CommitListener, Commits } from "./commits.ts";
import { DeletedRun, Ingest } from "./ingest.ts";
import type { LiveControl } from "./live-control.ts";
import { type CloseReason, ProbeSession } from "./session.ts";

/** How long a connection may wait before it says hello, in milliseconds. */
const HELLO_WITHIN = 10_000;

const CLOSE_CODES: Record<CloseReason, number> = {
  malformed: 1007,
  refused: 1008,
  deleted: 1008,
  store: 1013,
  replaced: 1000,
  silent: 1008,
};

/** The probes that are connected. */
export class Probes implements CommitListener {
  readonly ingest: Ingest;
  readonly commits: Commits;
  private readonly store: Store;
  private readonly log: Log;
  /** By the key of their attempt. */
  private readonly sessions = new Map<number, ProbeSession>();

  /** `onStored`: see Ingest. */
  constructor(store: Store, log: Log, onStored: (run: number, steps: number) => void) {
    this.store = store;
    this.log = log;
    this.commits = new Commits(store, this, log);
    this.ingest = new Ingest(store, this.commits, onStored);
  }

  accept(socket: WebSocket): void {
    const session = new ProbeSession(
      this.ingest,
      {
        send: (message) => socket.send(JSON.stringify(message)),
        close: (reason) => socket.close(CLOSE_CODES[reason], reason),
      },
      this.log,
    );
    const patience = setTimeout(() => session.close("silent"), HELLO_WITHIN);
    const throttle = new Throttle(socket, () => this.log("warn", "A probe sends faster than the hub reads."));
    socket.on("message", (data: Buffer, isBinary) => {
      throttle.count();
      if (isBinary) session.binary(data);
      else session.text(data.toString());
      if (session.attempt && !this.isConnected(session)) {
        clearTimeout(patience);
        this.connect(session, session.attempt);
      }
    });
    socket.on("error", (error) => this.log("warn", `A probe's connection failed: ${error.message}`));
    socket.on("close", () => {
      clearTimeout(patience);
      session.close("silent");
      this.disconnect(session);
    });
  }

  /** Keys of the attempts that are connected. */
  get connected(): ReadonlySet<number> {
    return new Set(this.sessions.keys());
  }

  /** Of a run that is connected: how to control it; "refused" where it allows none. */
  controlOf(run: string): LiveControl | "refused" | "away" {
    const sessions = [...this.sessions.values()].filter(({ attempt, isClosed }) => attempt?.run === run && !isClosed);
    const newest = sessions.sort((a, b) => b.attempt!.key - a.attempt!.key)[0];
    return newest ? (newest.control ?? "refused") : "away";
  }

  keepAlive(): void {
    if (this.sessions.size > 0)
      this.store.transaction(() => this.store.attempts.keepAlive(this.sessions.keys(), Date.now() / 1000));
  }

  /** The user deleted this run: whoever still sends it is told to stop. */
  refuseRun(run: string): void {
    for (const session of this.sessions.values()) if (session.attempt?.run === run) session.refuse(new DeletedRun());
  }

  committed(attempt: Attempt): void {
    this.sessionOf(attempt)?.acknowledge(attempt.next);
  }

  deleted(attempt: Attempt): void {
    this.sessionOf(attempt)?.refuse(new DeletedRun());
  }

  failed(attempt: Attempt): void {
    this.sessionOf(attempt)?.close("store");
  }

  private sessionOf(attempt: Attempt): ProbeSession | undefined {
    const session = this.sessions.get(attempt.key);
    return session?.attempt === attempt ? session : undefined;
  }

  private isConnected(session: ProbeSession): boolean {
    return session.attempt !== null && this.sessions.get(session.attempt.key) === session;
  }

  private connect(session: ProbeSession, { key }: Attempt): void {
    if (session.isClosed) return;
    this.sessions.get(key)?.close("replaced");
    this.sessions.set(key, session);
  }

  private disconnect(session: ProbeSession): void {
    if (!this.isConnected(session)) return;
    this.commits.flush();
    this.keepAlive();
    this.sessions.delete(session.attempt!.key);
  }
}
