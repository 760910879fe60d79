/** A page in Chromium, and what the browser tells of it. */
import type { Browser, CDPSession, Page } from "playwright-core";
import type { Drive, Measured } from "./pages/measured.ts";

/** A peer that takes longer than that is stopped. Milliseconds. */
export const PATIENCE = 60_000;
/** For moving about. Milliseconds. */
const DRIVEN = 20_000;

/** Processor time of a page's main thread, in milliseconds. The rest is painting, mostly, and without a GPU the drawing of all canvases. */
export interface Work {
  readonly work: number;
  /** Of it in scripts, and in styles and layout. */
  readonly script: number;
  readonly layout: number;
}

export class Tab {
  readonly page: Page;
  private readonly session: CDPSession;

  private constructor(page: Page, session: CDPSession) {
    this.page = page;
    this.session = session;
  }

  static async open(browser: Browser): Promise<Tab> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en" });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const session = await context.newCDPSession(page);
    // In processor time, which other programs don't add to.
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    return new Tab(page, session);
  }

  /** Opens a page of the bench; milliseconds until its run was painted, null where that takes too long or too much memory. */
  async paint(address: string): Promise<number | null> {
    return this.patiently(async () => {
      await this.page.goto(address, { waitUntil: "commit" });
      await this.page.waitForFunction(() => "measured" in window);
      return this.page.evaluate(() => (window as unknown as { measured: Measured }).measured.painted);
    });
  }

  /** Moves about the chart; with the work of a frame. */
  async drive(): Promise<(Drive & Work) | null> {
    const before = await this.work();
    const driven = await this.patiently(() =>
      this.page.evaluate((limit) => (window as unknown as { measured: Measured }).measured.drive(limit), DRIVEN),
    );
    if (driven === null) return null;
    const after = await this.work();
    const each = (of: keyof Work) => (after[of] - before[of]) / driven.frames.length;
    return { ...driven, work: each("work"), script: each("script"), layout: each("layout") };
  }

  /** So far. */
  async work(): Promise<Work> {
    const { metrics } = await this.session.send("Performance.getMetrics");
    const spent = (what: string) => 1000 * (metrics.find(({ name }) => name === what)?.value ?? Number.NaN);
    return {
      work: spent("TaskDuration"),
      script: spent("ScriptDuration"),
      layout: spent("LayoutDuration") + spent("RecalcStyleDuration"),
    };
  }

  /** MiB that are in use after everything has been collected that can be. */
  async heap(): Promise<number> {
    await this.session.send("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize = 0 } = (await this.session.send("Runtime.getHeapUsage")) as {
      usedSize: number;
      backingStorageSize?: number;
    };
    return (usedSize + backingStorageSize) / 2 ** 20;
  }

  async patiently<T>(what: () => Promise<T>): Promise<T | null> {
    const late = new Promise<null>((resolve) => setTimeout(resolve, PATIENCE, null).unref());
    const crashed = new Promise<null>((resolve) => this.page.once("crash", () => resolve(null)));
    return Promise.race([what().catch(() => null), late, crashed]);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
