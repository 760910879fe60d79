/** One browser, one served dashboard and one hub for all tests of a file. */
import { after, before } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser } from "../host/browser.ts";
import { type RecordedProbe, TestHub } from "./hub.ts";
import { DashboardPage, type PageOptions, type Relay, serveDashboard } from "./page.ts";
import type { RecordedRun } from "./recorded-run.ts";

export class Stage {
  hub!: TestHub;
  /** The relay of the page that was opened last. */
  lastRelay!: Relay;
  #browser!: Browser;
  #server!: Awaited<ReturnType<typeof serveDashboard>>;
  #begun: Promise<void> | undefined;
  readonly #pages: DashboardPage[] = [];
  readonly #probes: RecordedProbe[] = [];

  constructor(prepare: (hub: TestHub) => Promise<void> = async () => {}) {
    before(() => {
      this.#begun = this.#begin(prepare);
      return this.#begun;
    });
    after(async () => {
      await this.#begun; // where a pattern leaves no test of the file, its end doesn't wait for its beginning
      for (const probe of this.#probes) probe.close();
      for (const page of this.#pages) await page.close();
      await this.#browser.close();
      this.#server.close();
      await this.hub.stop();
    });
  }

  async #begin(prepare: (hub: TestHub) => Promise<void>): Promise<void> {
    [this.#browser, this.#server, this.hub] = await Promise.all([openBrowser(), serveDashboard(), TestHub.start()]);
    await prepare(this.hub);
  }

  /** A probe that goes on telling its run; closed at the end. */
  async probe(run: RecordedRun): Promise<RecordedProbe> {
    const probe = await this.hub.probe(run);
    this.#probes.push(probe);
    return probe;
  }

  /** Opens the dashboard; with `run`, waits until the charts of that run are drawn. */
  async open(options: Partial<PageOptions> & { run?: string } = {}): Promise<DashboardPage> {
    const relay = options.relay ?? this.hub.relay();
    this.lastRelay = relay;
    const page = await DashboardPage.open(this.#browser, this.#server.address, { ...options, relay });
    this.#pages.push(page);
    if (options.run !== undefined) {
      await page.post({ type: "show", run: options.run });
      await page.drawn();
    }
    return page;
  }
}
