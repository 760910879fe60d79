/** Typed requests to the hub, and the list of runs that it pushes. */
import {
  CancellationError,
  type CancellationToken,
  type Disposable,
  EventEmitter,
  type LogOutputChannel,
  l10n,
} from "vscode";
import {
  type RunDetail,
  type RunSummary,
  type ViewerRequest,
  type ViewerResults,
  viewerFailure,
  viewerPush,
  viewerResults,
} from "../../protocol/viewer.ts";
import type { HubSocket } from "./hub-socket.ts";

type JsonMethod = keyof typeof viewerResults;
type Params<M extends JsonMethod> = Omit<Extract<ViewerRequest, { method: M }>, "id" | "method">;

interface Pending {
  readonly method: JsonMethod;
  readonly message: object;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  readonly timeout: NodeJS.Timeout;
  readonly onProgress?: (done: number) => void;
  sent: boolean;
}

/** What reads or writes a file. */
type JobMethod = "inspect" | "import" | "export";

export interface Job {
  readonly token: CancellationToken;
  /** Is told how much is done: 0 to 1. */
  readonly onProgress: (done: number) => void;
}

const TIMEOUT_MS = 15_000;
/** What `setTimeout` takes at most: some 24 days. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/** For how long a job may tell nothing: a large file of JSON is read in one go. */
const SILENCE_MS = 120_000;

/** The hub was waited for long enough. */
class Unanswered extends Error {}

export class HubClient implements Disposable {
  private readonly runsChanged = new EventEmitter<readonly RunSummary[]>();
  readonly onDidChangeRuns = this.runsChanged.event;
  /** As the hub last told; empty before. */
  runs: readonly RunSummary[] = [];

  private readonly pending = new Map<number, Pending>();
  private readonly subscriptions: Disposable[];
  private readonly log: LogOutputChannel;
  private readonly silence: number;
  private nextId = 1;
  readonly socket: HubSocket;

  /** `silence`: milliseconds for which a job may tell nothing. */
  constructor(socket: HubSocket, log: LogOutputChannel, silence = SILENCE_MS) {
    this.socket = socket;
    this.log = log;
    this.silence = silence;
    this.subscriptions = [
      socket.onText((text) => this.receive(text)),
      socket.onDidChangeStatus(({ state, reason }) => {
        if (state === "connected") {
          this.flush();
          void this.refresh().catch((error: Error) => this.log.warn(error.message));
        } else if (state === "unavailable") this.rejectAll(reason ?? l10n.t("The hub is not available."));
        else if (state === "disconnected") this.rejectSent();
      }),
    ];
  }

  /** Starts the hub if need be. Waits for the connection; what was sent when the connection broke is rejected. */
  request<M extends JsonMethod>(method: M, params: Params<M>): Promise<ViewerResults[M]> {
    return this.send(this.nextId++, method, params, TIMEOUT_MS);
  }

  /** As `request`, of what takes as long as a training needs for an update, or a disk to give space back. */
  requestWithoutLimit<M extends JsonMethod>(method: M, params: Params<M>): Promise<ViewerResults[M]> {
    return this.send(this.nextId++, method, params, LONGEST_TIMEOUT_MS);
  }

  /**
   * Takes as long as it takes. One that tells nothing for long is given up, and ends in the hub, too: nobody waits for what it
   * would leave. @throws {CancellationError}
   */
  async job<M extends JobMethod>(method: M, params: Params<M>, { token, onProgress }: Job): Promise<ViewerResults[M]> {
    const id = this.nextId++;
    const cancel = () => void this.request("cancel", { job: id }).catch((error: Error) => this.log.warn(error.message));
    const cancellation = token.onCancellationRequested(cancel);
    try {
      return await this.send(id, method, params, this.silence, onProgress);
    } catch (error) {
      if (error instanceof Unanswered) cancel();
      throw error;
    } finally {
      cancellation.dispose();
    }
  }

  async refresh(): Promise<readonly RunSummary[]> {
    this.update((await this.request("runs", {})).runs);
    return this.runs;
  }

  /** Before a training starts: its probe keeps trying, but a hub that is there by then gets the first steps live. */
  async awaitTraining(): Promise<void> {
    await this.refresh().catch((error: Error) => this.log.warn(`The run starts without the hub: ${error.message}`));
  }

  async run(id: string): Promise<RunDetail> {
    const { run } = await this.request("subscribe", { run: id });
    await this.request("unsubscribe", {});
    return run;
  }

  dispose(): void {
    this.rejectAll(l10n.t("Gradsight is shutting down."));
    for (const subscription of this.subscriptions) subscription.dispose();
    this.runsChanged.dispose();
  }

  private send<M extends JsonMethod>(
    id: number,
    method: M,
    params: Params<M>,
    patience: number,
    onProgress?: (done: number) => void,
  ): Promise<ViewerResults[M]> {
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(
        () => this.take(id)?.reject(new Unanswered(this.socket.status.reason ?? l10n.t("The hub does not answer."))),
        patience,
      );
      const message = { ...params, id, method };
      this.pending.set(id, {
        method,
        message,
        resolve,
        reject,
        timeout,
        ...(onProgress && { onProgress }),
        sent: false,
      });
      this.socket.open();
      this.flush();
    });
  }

  private flush() {
    for (const pending of this.pending.values()) if (!pending.sent) pending.sent = this.socket.send(pending.message);
  }

  private receive(text: string) {
    try {
      const message: unknown = JSON.parse(text);
      if (typeof message === "object" && message !== null && "push" in message) {
        const push = viewerPush(message);
        if (push.push === "runs") this.update(push.runs);
        else if (push.push === "progress") this.progress(push.job, push.done);
      } else this.settle(message as Record<string, unknown>);
    } catch (error) {
      this.log.error(`The hub sent what can't be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private progress(job: number, done: number) {
    const pending = this.pending.get(job);
    pending?.timeout.refresh();
    pending?.onProgress?.(done);
  }

  private settle(message: Record<string, unknown>) {
    const pending = this.take(message.id as number);
    if (!pending) return;
    try {
      if ("err" in message) pending.reject(failure(message));
      else pending.resolve(viewerResults[pending.method](message.ok) as never);
    } catch (error) {
      pending.reject(error as Error);
    }
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    if (pending) clearTimeout(pending.timeout);
    this.pending.delete(id);
    return pending;
  }

  private rejectSent() {
    for (const [id, { sent }] of this.pending)
      if (sent) this.take(id)!.reject(new Error(l10n.t("The connection to the hub was lost.")));
  }

  private rejectAll(reason: string) {
    for (const id of [...this.pending.keys()]) this.take(id)!.reject(new Error(reason));
  }

  private update(runs: readonly RunSummary[]) {
    this.runs = runs;
    this.runsChanged.fire(runs);
  }
}

function failure(message: Record<string, unknown>): Error {
  const { err } = viewerFailure(message);
  return err.code === "cancelled" ? new CancellationError() : new Error(err.message);
}
