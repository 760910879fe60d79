/**
 * What the dashboard knows of the hub: its state, the runs, the watched run and one tile of the visible window. A tile is
 * asked for when something changed and none is under way, so a slow hub is asked less, and a hidden page asks nothing.
 */
import type { Of } from "../../protocol/shape.ts";
import type { Metric, RunDetail, RunSummary } from "../../protocol/viewer.ts";
import type { hubState } from "../../protocol/webview.ts";
import { log, reasonOf } from "../host.ts";
import type { HubClient } from "./client.ts";
import { readTile, type Tile } from "./tile.ts";

export interface View {
  readonly run: string;
  readonly series: string;
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
}

export class Feed {
  hub: { state: Of<typeof hubState>; reason: string | null } = { state: "starting", reason: null };
  /** null: not heard yet. */
  runs: RunSummary[] | null = null;
  detail: RunDetail | null = null;
  tile: Tile | null = null;
  /** The view that `tile` was asked for. */
  tileView: View | null = null;
  /** Why the runs, the watched run or its tile could not be had. */
  problem: string | null = null;

  readonly #client: HubClient;
  readonly #metrics: Metric[];
  readonly #changed: () => void;
  #watched: string | null = null;
  #paused = true;
  #wanted: View | null = null;
  #stale = false;
  #inFlight = false;

  /** `metrics`: those that the charts draw. */
  constructor(client: HubClient, metrics: Metric[], changed: () => void) {
    this.#client = client;
    this.#metrics = metrics;
    this.#changed = changed;
  }

  setHub(state: Of<typeof hubState>, reason: string | null): void {
    const reconnected = state === "connected" && this.hub.state !== "connected";
    this.hub = { state, reason };
    if (state !== "connected") this.#client.abandon("disconnected");
    if (reconnected) void this.#load();
    this.#changed();
  }

  /** A JSON message of the hub. @throws when it fits no shape */
  receive(message: unknown): void {
    const push = this.#client.receive(message);
    if (push?.push === "runs") this.#setRuns(push.runs);
    if (push?.push === "run" && push.run.summary.id === this.#watched) this.#setDetail(push.run);
  }

  /** Watches this run instead; null watches none. */
  watch(run: string | null): void {
    if (run === this.#watched) return;
    this.#watched = run;
    this.detail = null;
    this.tile = null;
    this.tileView = null;
    this.#wanted = null;
    this.problem = null;
    void this.#subscribe();
  }

  /** The window that should be on screen. */
  show(view: View): void {
    const old = this.#wanted;
    const same =
      old !== null &&
      (["run", "series", "from", "to", "buckets"] as const satisfies (keyof View)[]).every((k) => old[k] === view[k]);
    if (old?.series !== view.series) {
      this.tile = null;
      this.tileView = null;
    }
    this.#wanted = view;
    if (!same) this.#stale = true;
    this.#pump();
  }

  /** Asks for everything anew, after a refusal. */
  reload(): void {
    this.problem = null;
    void this.#load();
    this.#changed();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    if (this.#connected) void this.#attempt(this.#client.request("unsubscribe", {}));
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    void this.#load();
  }

  get #connected(): boolean {
    return this.hub.state === "connected";
  }

  async #load(): Promise<void> {
    if (this.#paused || !this.#connected) return;
    const answer = await this.#attempt(this.#client.request("runs", {}));
    if (answer) this.#setRuns(answer.runs);
    await this.#subscribe();
  }

  async #subscribe(): Promise<void> {
    const run = this.#watched;
    if (run === null || this.#paused || !this.#connected) return;
    const answer = await this.#attempt(this.#client.request("subscribe", { run }));
    if (answer && run === this.#watched) this.#setDetail(answer.run);
  }

  #setRuns(runs: RunSummary[]): void {
    this.runs = runs;
    if (this.#watched === null) this.problem = null;
    this.#changed();
  }

  #setDetail(detail: RunDetail): void {
    this.detail = detail;
    this.problem = null;
    this.#stale = true;
    this.#changed();
    this.#pump();
  }

  async #pump(): Promise<void> {
    const view = this.#wanted;
    if (!this.#stale || this.#inFlight || this.#paused || !this.#connected || view === null) return;
    this.#stale = false;
    this.#inFlight = true;
    const frame = await this.#attempt(this.#client.tile({ ...view, metrics: this.#metrics }));
    this.#inFlight = false;
    if (frame && view.run === this.#watched && view.series === this.#wanted?.series) {
      try {
        this.tile = readTile(frame);
        this.tileView = view;
      } catch (error) {
        log("warn", `ignored a tile: ${reasonOf(error)}`);
      }
      this.#changed();
    }
    void this.#pump();
  }

  async #attempt<T>(answer: Promise<T>): Promise<T | null> {
    try {
      return await answer;
    } catch (error) {
      if (this.#connected) {
        this.problem = reasonOf(error);
        log("warn", `the hub refused a request: ${this.problem}`);
        this.#changed();
      }
      return null;
    }
  }
}
