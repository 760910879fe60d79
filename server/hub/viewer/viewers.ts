import type { WebSocket } from "ws";
import type { RunSummary } from "../../../protocol/viewer.ts";
import type { Store } from "../store/store.ts";
import type { Log } from "../thread.ts";
import { Throttle } from "../throttle.ts";
import { RequestError, type Requests } from "./requests.ts";
import type { RunViews } from "./run-views.ts";
import { Viewer } from "./viewer.ts";

/** Milliseconds between two looks at what changed. */
const PERIOD = 100;
/** In how many periods counts in the list of runs, and what depends on the clock, are brought up to date. */
const SLOW_PERIODS = 10;

/** The viewers that are connected, and what is pushed to them. Without any, nothing runs. */
export class Viewers {
  private readonly viewers = new Set<Viewer>();
  private readonly store: Store;
  private readonly requests: Requests;
  private readonly views: RunViews;
  private readonly log: Log;
  private readonly underWay = new Set<string>();
  private timer: NodeJS.Timeout | null = null;
  private periods = 0;
  private stamp = "";
  private outline = "";

  constructor(store: Store, requests: Requests, views: RunViews, log: Log) {
    this.store = store;
    this.requests = requests;
    this.views = views;
    this.log = log;
  }

  accept(socket: WebSocket): void {
    const viewer = new Viewer(socket, this.requests, this.log, (error) => this.store.trouble(error));
    const throttle = new Throttle(socket, () => this.log("warn", "A viewer asks faster than the hub answers."));
    socket.on("message", (data: Buffer) => {
      throttle.count();
      void viewer.receive(data.toString());
    });
    socket.on("error", (error) => this.log("warn", `A viewer's connection failed: ${error.message}`));
    socket.on("close", () => {
      viewer.close();
      this.viewers.delete(viewer);
    });
    this.viewers.add(viewer);
    this.schedule();
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
    for (const viewer of this.viewers) viewer.close();
    this.viewers.clear();
  }

  private schedule(): void {
    if (this.timer || this.viewers.size === 0) return;
    this.timer = setTimeout(() => {
      try {
        this.push();
      } catch (error) {
        this.log("error", `Viewers could not be brought up to date: ${(error as Error).message}`);
      }
      this.timer = null;
      this.schedule();
    }, PERIOD);
  }

  private push(): void {
    this.periods += 1;
    const slow = this.periods % SLOW_PERIODS === 0;
    const { stamp } = this.store;
    if (stamp === this.stamp && !slow) return;
    this.stamp = stamp;
    this.pushRuns(slow);
    this.pushDetails();
  }

  /** At once when a run comes, goes, goes bad, waits for the user, changes its status or what the user says of it; its counts less often. */
  private pushRuns(slow: boolean): void {
    const runs = this.views.summaries();
    const outline = JSON.stringify(
      runs.map(({ id, name, status, starred, tags, note, incident, paused }: RunSummary) => [
        id,
        name,
        status,
        starred,
        tags,
        note,
        incident,
        paused,
      ]),
    );
    if (outline === this.outline && !slow) return;
    this.outline = outline;
    for (const viewer of this.viewers) viewer.pushRuns({ runs });
  }

  /** A run that takes a while to load keeps nobody else waiting. */
  private pushDetails(): void {
    const watched = new Set([...this.viewers].flatMap(({ run }) => run ?? []));
    for (const run of watched) {
      if (this.underWay.has(run)) continue;
      this.underWay.add(run);
      void this.pushDetail(run).finally(() => this.underWay.delete(run));
    }
  }

  private async pushDetail(run: string): Promise<void> {
    const watchers = () => [...this.viewers].filter((viewer) => viewer.run === run);
    try {
      const detail = { run: await this.requests.detail(run) };
      for (const viewer of watchers()) viewer.pushDetail(detail);
    } catch (error) {
      // A run that was deleted is gone from the list, too: nobody need be told.
      if (error instanceof RequestError) for (const viewer of watchers()) viewer.run = null;
      else this.log("error", `Run ${run} could not be brought up to date: ${(error as Error).message}`);
    }
  }
}
