/**
 * What the dashboard knows of the hub: its state, the runs, the watched run, one tile, the layers and the events of the visible
 * window, the distribution of its norms, and the runs beside it. A hidden page asks for nothing.
 */
import type { NormDistribution } from "../../protocol/advice.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Of } from "../../protocol/shape.ts";
import type { LayerSource, RunEvent } from "../../protocol/telemetry.ts";
import type { Metric, RunDetail, RunSummary } from "../../protocol/viewer.ts";
import type { hubState } from "../../protocol/webview.ts";
import { log, reasonOf } from "../host.ts";
import { Beside } from "./beside.ts";
import type { HubClient } from "./client.ts";
import { type LayerTile, readLayers } from "./layers.ts";
import { Live } from "./live.ts";
import { readTile, type Tile } from "./tile.ts";

/** Layers are read from all stored frames. */
const LAYERS_REST_MS = 1000;
/** One step more changes little of how all of them are spread. */
const DISTRIBUTION_REST_MS = 1000;
/** What is new in a run is told with the run itself. */
const EVENTS_REST_MS = 1000;

export interface View {
  readonly run: string;
  readonly series: string;
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
}

/** The layers of a view: `rows` of them from `first` on, null for all. */
export interface LayersOf extends View {
  readonly first: number;
  readonly rows: number | null;
  /** They are those of the whole run, which may go on. */
  readonly follows: boolean;
}

/** The events of some steps, of all series of a run. */
export interface EventsOf {
  readonly run: string;
  readonly series: "";
  readonly from: number;
  readonly to: number;
}

/** All norms of a series. */
export interface NormsOf {
  readonly run: string;
  readonly series: string;
}

export class Feed {
  hub: { state: Of<typeof hubState>; reason: string | null } = { state: "starting", reason: null };
  /** null: not heard yet. */
  runs: RunSummary[] | null = null;
  detail: RunDetail | null = null;
  readonly tile: Live<View, Tile>;
  readonly layers: Live<LayersOf, LayerTile>;
  readonly events: Live<EventsOf, readonly RunEvent[]>;
  readonly beside: Beside;
  readonly distribution: Live<NormsOf, NormDistribution>;
  /** Why the runs, the watched run or what belongs to it could not be had. */
  problem: string | null = null;

  readonly #client: HubClient;
  readonly #changed: () => void;
  #watched: string | null = null;
  #paused = true;

  /** `metrics`: those that the charts draw; `compared`: those that they draw of the runs beside the watched one. */
  constructor(client: HubClient, metrics: Metric[], compared: Metric[], changed: () => void) {
    this.#client = client;
    this.#changed = changed;
    const isReady = () => !this.#paused && this.#connected;
    const askTile = (of: Metric[]) => (view: View) =>
      this.#askFrame("a tile", client.tile({ ...view, metrics: of }), readTile);
    this.tile = new Live(askTile(metrics), isReady, changed);
    this.beside = new Beside({
      askRun: async (run) => (await this.#attempt(client.request("run", { run })))?.run ?? null,
      askTile: askTile(compared),
      isReady,
      changed,
    });
    this.layers = new Live(
      ({ first, rows, follows: _, ...view }) => {
        const asked = client.layers({
          ...view,
          metric: "grad_norm",
          rows: rows === null ? null : { from: first, count: rows },
        });
        return this.#askFrame("layers", asked, readLayers);
      },
      isReady,
      changed,
      LAYERS_REST_MS,
    );
    this.events = new Live(
      async ({ run, from, to }) => (await this.#attempt(client.request("events", { run, from, to })))?.events ?? null,
      isReady,
      changed,
      EVENTS_REST_MS,
    );
    this.distribution = new Live(
      ({ run, series }) => this.#attempt(client.request("distribution", { run, series })),
      isReady,
      changed,
      DISTRIBUTION_REST_MS,
    );
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
    this.tile.want(null);
    this.layers.want(null);
    this.events.want(null);
    this.distribution.want(null);
    this.problem = null;
    void this.#subscribe();
  }

  /** What the code of the watched run says of a layer; null: not known. */
  async sourceOf(layer: string, series: string): Promise<LayerSource | null> {
    if (this.#watched === null) return null;
    const asked = this.#client.request("layerSource", { run: this.#watched, series, layer });
    return (await this.#attempt(asked))?.source ?? null;
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
    if (this.#connected) void this.#attempt(this.#client.request("pause", {}));
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
    if (!answer || run !== this.#watched) return;
    this.#setDetail(answer.run);
    for (const other of this.beside.runs) this.beside.outdate(other);
  }

  #setRuns(runs: RunSummary[]): void {
    const before = this.runs ?? [];
    this.runs = runs;
    for (const other of this.beside.runs) {
      const stateOf = (all: readonly RunSummary[]) => {
        const summary = all.find(({ id }) => id === other);
        return `${summary?.steps} ${summary?.status} ${summary?.name}`;
      };
      if (stateOf(runs) !== stateOf(before)) this.beside.outdate(other);
    }
    if (this.#watched === null) this.problem = null;
    this.#changed();
  }

  #setDetail(detail: RunDetail): void {
    this.detail = detail;
    this.problem = null;
    // A live window moves on with the run.
    this.tile.expire();
    this.layers.expire();
    this.events.expire();
    this.#changed();
    this.distribution.outdate();
  }

  async #askFrame<A>(what: string, answer: Promise<Frame>, read: (frame: Frame) => A): Promise<A | null> {
    const frame = await this.#attempt(answer);
    try {
      return frame && read(frame);
    } catch (error) {
      log("warn", `ignored ${what}: ${reasonOf(error)}`);
      return null;
    }
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
