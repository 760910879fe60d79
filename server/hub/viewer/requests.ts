/** What each request of a viewer does. */
import { encodeFrame } from "../../../protocol/frame.ts";
import type { FrameMethod, ViewerMethod, ViewerRequest, ViewerResults } from "../../../protocol/viewer.ts";
import type { Exchange, Job } from "../exchange/exchange.ts";
import { BlockGone } from "../layers/layer-pyramid.ts";
import { layerWindow } from "../layers/layer-window.ts";
import { type LiveControl, NotControlled } from "../probe/live-control.ts";
import type { Probes } from "../probe/probes.ts";
import type { LoadedRuns } from "../runs/loaded-runs.ts";
import { SeriesModel } from "../runs/series-model.ts";
import type { StoredRun } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { sourceOf } from "./layer-source.ts";
import { layersOf } from "./layers.ts";
import { Retention } from "./retention.ts";
import { MOST_EVENTS, type RunViews } from "./run-views.ts";
import { MOST_BUCKETS, tileOf } from "./tile.ts";

/** An answer that says what is wrong with the request. */
export class RequestError extends Error {
  readonly code: "unknown-run" | "bad-request" | "not-controlled";

  constructor(code: RequestError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export interface Subscriber {
  /** The run whose changes it is pushed. */
  run: string | null;
  /** It is pushed nothing. */
  paused: boolean;
  /** Takes note of what it was given, so that only a change is pushed. */
  shown(detail: ViewerResults["subscribe"]): void;
}

type Request<M extends ViewerMethod> = Extract<ViewerRequest, { method: M }>;
type Answer<M extends ViewerMethod> = M extends FrameMethod ? Uint8Array : ViewerResults[M];

export class Requests {
  private readonly store: Store;
  private readonly loaded: LoadedRuns;
  private readonly views: RunViews;
  private readonly exchange: Exchange;
  private readonly probes: Pick<Probes, "refuseRun" | "controlOf">;
  private readonly retention: Retention;

  constructor(
    store: Store,
    loaded: LoadedRuns,
    views: RunViews,
    exchange: Exchange,
    probes: Pick<Probes, "refuseRun" | "controlOf">,
  ) {
    this.store = store;
    this.loaded = loaded;
    this.views = views;
    this.exchange = exchange;
    this.probes = probes;
    this.retention = new Retention(
      store,
      () => views.summaries(),
      // Another window may have been quicker.
      (run) => store.runs.find(run) && this.remove(run),
    );
  }

  /** @throws {RequestError | BadFile} */
  async answer(request: ViewerRequest, subscriber: Subscriber, job: Job): Promise<Answer<ViewerMethod>> {
    switch (request.method) {
      case "runs":
        subscriber.paused = false;
        return { runs: this.views.summaries() };
      case "subscribe":
        return this.subscribe(request, subscriber);
      case "unsubscribe":
        subscriber.run = null;
        return {};
      case "pause":
        subscriber.run = null;
        subscriber.paused = true;
        return {};
      case "run":
        return { run: await this.detail(request.run) };
      case "tile":
        return this.tile(request);
      case "layers":
        return this.layers(request);
      case "events":
        return this.events(request);
      case "distribution":
        return this.distribution(request);
      case "layerSource":
        return { source: sourceOf(this.store.series.list(this.find(request.run).key), request) };
      case "delete":
        return this.delete(request);
      case "rename":
        return this.rename(request);
      case "star":
        return this.change(request.run, (runs) => runs.star(request.run, request.starred));
      case "tag":
        return this.change(request.run, (runs) => runs.tag(request.run, distinct(request.tags)));
      case "note":
        return this.change(request.run, (runs) => runs.note(request.run, request.note.trim()));
      case "retain":
        return { removed: await this.retention.apply(request) };
      case "inspect":
        return this.exchange.inspect(request.file, job);
      case "import":
        return this.exchange.import(request.file, request.columns, job);
      case "export":
        await this.exchange.export(this.find(request.run), request.format, request.file, job);
        return {};
      case "control":
        return this.control(request);
      case "proceed":
        return this.proceed(request);
      case "cancel":
        return {};
    }
  }

  private async subscribe({ run }: Request<"subscribe">, subscriber: Subscriber): Promise<Answer<"subscribe">> {
    this.find(run);
    subscriber.run = run;
    const detail = { run: await this.detail(run) };
    if (subscriber.run === run) subscriber.shown(detail);
    return detail;
  }

  /** The run as it is now. */
  async detail(id: string) {
    const model = await this.loaded.get(this.find(id).key);
    return this.views.detail(this.find(id), model);
  }

  private async tile(request: Request<"tile">): Promise<Answer<"tile">> {
    checkWindow(request);
    const model = await this.loaded.get(this.find(request.run).key);
    const series = model.series.get(request.series);
    if (series) return encodeFrame(tileOf(series, request));
    const empty = { dtype: "F64", shape: [0], data: new Float64Array() } as const;
    return encodeFrame({ metadata: { reply: String(request.id) }, columns: { from: empty, to: empty } });
  }

  private async layers(request: Request<"layers">): Promise<Answer<"layers">> {
    checkWindow(request);
    try {
      return await this.layersNow(request);
    } catch (error) {
      if (!(error instanceof BlockGone)) throw error;
      return this.layersNow(request);
    }
  }

  private async layersNow(request: Request<"layers">): Promise<Answer<"layers">> {
    const { key } = this.find(request.run);
    const { layers } = await this.loaded.get(key);
    return encodeFrame(layersOf(await layerWindow(this.store.series.list(key), layers, request), request));
  }

  private async events({ run, from, to }: Request<"events">): Promise<Answer<"events">> {
    checkWindow({ from, to });
    const { key } = this.find(run);
    // What the hub finds in the frames is found once they are gone over.
    await this.loaded.get(key);
    return { events: this.store.events.within(key, from, to, MOST_EVENTS) };
  }

  private async distribution({ run, series }: Request<"distribution">): Promise<Answer<"distribution">> {
    const model = await this.loaded.get(this.find(run).key);
    return (model.series.get(series) ?? new SeriesModel()).distribution();
  }

  private async delete({ run }: Request<"delete">): Promise<Answer<"delete">> {
    this.remove(run);
    await this.store.shrink();
    return {};
  }

  private remove(run: string): void {
    const { key } = this.find(run);
    this.store.transaction(() => this.store.runs.delete(run));
    this.loaded.drop(key);
    this.probes.refuseRun(run);
  }

  private rename({ run, name }: Request<"rename">): Answer<"rename"> {
    const given = name.trim();
    if (given === "") throw new RequestError("bad-request", "A run needs a name.");
    return this.change(run, (runs) => runs.rename(run, given));
  }

  private async control({ run, series, threshold }: Request<"control">): Promise<Answer<"control">> {
    const { key } = this.find(run);
    const control = this.controlOf(run);
    const info = this.store.series.list(key).findLast((declared) => declared.info.id === series)?.info;
    if (!info) throw new RequestError("bad-request", "This run has no such series.");
    await control.ask(info, threshold).catch(asRequestError);
    return {};
  }

  private async proceed({ run, step, action }: Request<"proceed">): Promise<Answer<"proceed">> {
    this.find(run);
    try {
      this.controlOf(run).proceed(step, action);
    } catch (error) {
      asRequestError(error);
    }
    return {};
  }

  private controlOf(run: string): LiveControl {
    const control = this.probes.controlOf(run);
    if (control === "away") throw new RequestError("not-controlled", "This run is not connected.");
    if (control === "refused")
      throw new RequestError("not-controlled", "This run was not started with --allow-control: nothing may change it.");
    return control;
  }

  private change(run: string, body: (runs: Store["runs"]) => void): Record<string, never> {
    this.find(run);
    this.store.transaction(() => body(this.store.runs));
    return {};
  }

  private find(id: string): StoredRun {
    const run = this.store.runs.find(id);
    if (!run) throw new RequestError("unknown-run", "There is no such run; it may have been deleted.");
    return run;
  }
}

function asRequestError(error: unknown): never {
  throw error instanceof NotControlled ? new RequestError("not-controlled", error.message) : error;
}

function checkWindow({ from, to, buckets = 1 }: { from: number; to: number; buckets?: number }): void {
  if (from > to || buckets < 1 || buckets > MOST_BUCKETS)
    throw new RequestError("bad-request", `A window needs from ≤ to and 1 to ${MOST_BUCKETS} buckets.`);
}

const distinct = (tags: readonly string[]): string[] =>
  [...new Set(tags.map((tag) => tag.trim()))].filter((tag) => tag !== "");
