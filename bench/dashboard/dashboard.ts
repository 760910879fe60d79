/** The dashboard on a run of any length, with the hub that has just been started on its store. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import type { Measurement } from "./measurement.ts";
import { Tab } from "./tab.ts";

/** Of the run that is shown before the one that is measured. */
export const FIRST_SHOWN = { run: "first", steps: 1000 };
const STEPS_A_SECOND = 1000;
/** Milliseconds that live data is looked at for. */
const WATCHED = 10_000;
/** Milliseconds until what began before is over. */
const SETTLING = 2000;

interface Traffic {
  readonly requests: number;
  readonly tiles: number;
  readonly pushes: number;
  readonly drawings: number;
}
interface Page {
  readonly traffic: Traffic;
  show(run: string, lastStep: string): Promise<number>;
  hide(hidden: boolean): void;
}

/** The same over a stretch of time with live data: each a second, and milliseconds of the page's processor time a second. */
export interface Watched extends Traffic {
  readonly work: number;
}

const lastOf = (steps: number) => (steps - 1).toLocaleString("en");
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @throws where the dashboard does not come to show the run */
export async function measureDashboard(
  browser: Browser,
  address: string,
  hub: HubEndpoint,
  run: string,
  steps: number,
): Promise<{ drawn: Measurement; live: Watched; hidden: Watched }> {
  const tab = await Tab.open(browser);
  const first = new URLSearchParams({ last: lastOf(FIRST_SHOWN.steps) });
  const whole = new URLSearchParams({ last: lastOf(steps) });
  if ((await tab.paint(`${address}/gradsight?${first}`)) === null) throw new Error("the dashboard shows nothing");
  const opened = await tab.page.evaluate(([of, last]) => (window as unknown as Page).show(of, last), [
    run,
    lastOf(steps),
  ] as const);
  const page = await tab.paint(`${address}/gradsight?${whole}`);
  const driven = page === null ? null : await tab.drive();
  const heap = await tab.heap();

  const sender = spawnSender(hub, run);
  await pause(SETTLING);
  const live = await watch(tab);
  await tab.page.evaluate(() => (window as unknown as Page).hide(true));
  await pause(SETTLING);
  const hidden = await watch(tab);
  const ended = once(sender, "exit");
  sender.kill();
  await ended;
  await tab.close();
  return { drawn: { opened, page, driven, heap }, live, hidden };
}

/** As it draws the run with others beside it, all as long, from a load of the page that had chosen them. */
export async function measureBeside(
  browser: Browser,
  address: string,
  run: string,
  others: readonly string[],
  steps: number,
): Promise<Measurement> {
  const tab = await Tab.open(browser);
  const untouched = { series: null, rank: null, window: null, whatIf: null, modules: [], layer: null, groups: [] };
  // As webview/state.ts has it.
  const state = { run, others: [...others], ...untouched, tables: [], events: null };
  await tab.page.addInitScript((kept) => sessionStorage.setItem("state", kept), JSON.stringify(state));
  const shown = new URLSearchParams({ last: lastOf(steps), others: others.join() });
  const page = await tab.paint(`${address}/gradsight?${shown}`);
  const driven = page === null ? null : await tab.drive();
  const heap = await tab.heap();
  await tab.close();
  return { opened: null, page, driven, heap };
}

function spawnSender(hub: HubEndpoint, run: string): ChildProcess {
  const script = fileURLToPath(new URL("../hub/sender.ts", import.meta.url));
  const args = [script, JSON.stringify(hub), run, String(STEPS_A_SECOND), "false"];
  return spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
}

async function watch(tab: Tab): Promise<Watched> {
  const look = async () => ({
    ...(await tab.page.evaluate(() => ({ ...(window as unknown as Page).traffic }))),
    work: (await tab.work()).work,
  });
  const begun = performance.now();
  const before = await look();
  await pause(WATCHED);
  const after = await look();
  const seconds = (performance.now() - begun) / 1000;
  const rate = (of: keyof Watched) => (after[of] - before[of]) / seconds;
  return {
    requests: rate("requests"),
    tiles: rate("tiles"),
    pushes: rate("pushes"),
    drawings: rate("drawings"),
    work: rate("work"),
  };
}
