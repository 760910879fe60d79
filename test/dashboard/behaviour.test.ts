/** What the dashboard does: follows a run, remembers, writes, and takes nothing on trust. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FromDashboard, ToDashboard } from "../../protocol/webview.ts";
import type { DashboardPage, Relay } from "./page.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async (hub) => {
  await hub.play(runs.unclipped);
  await hub.play(runs.gan);
  await hub.play(runs.hostile);
});

const steps = ({ page }: DashboardPage) => page.locator(".toolbar .steps");
const methods = ({ sent }: DashboardPage) => sent.flatMap((m) => (m.type === "request" ? [m.request.method] : []));
const live = (id: string) => ({ ...runs.spikes, info: { ...runs.spikes.info, id, name: id } });

/** Waits until the dashboard has sent what `wanted` looks for. */
async function heard<T>(dashboard: DashboardPage, wanted: (sent: FromDashboard[]) => T | undefined): Promise<T> {
  for (;;) {
    const found = wanted(dashboard.sent);
    if (found !== undefined) return found;
    await dashboard.settled();
  }
}

/** Keeps tiles back while it is told to. */
class HoldingRelay implements Relay {
  readonly #hub = stage.hub.relay();
  readonly #held: ToDashboard[] = [];
  #post: (message: ToDashboard) => void = () => {};
  isHolding = false;

  open(post: (message: ToDashboard) => void): void {
    this.#post = post;
    this.#hub.open((message) => (this.isHolding && message.type === "tile" ? this.#held.push(message) : post(message)));
  }

  release(): void {
    this.isHolding = false;
    for (const message of this.#held.splice(0)) this.#post(message);
  }

  send(request: Parameters<Relay["send"]>[0]): void {
    this.#hub.send(request);
  }

  close(): void {
    this.#hub.close();
  }
}

test("a live run is followed", async () => {
  const probe = await stage.probe(live("live"));
  await probe.tell(100);
  const dashboard = await stage.open({ run: "live" });
  await dashboard.page.getByText("Steps 0 to 99 · whole run, live").waitFor();
  await probe.tell(450);
  await dashboard.page.getByText("Steps 0 to 449 · whole run, live").waitFor();
  await dashboard.page.locator('[data-figure="spikes"]').getByText("1", { exact: true }).waitFor();
  await dashboard.close();
});

test("a run that has just been started is shown as soon as it reports in", async () => {
  const dashboard = await stage.open();
  await dashboard.post({ type: "show", run: "new" });
  await dashboard.drawn(); // until then, the latest run
  const probe = await stage.probe(live("new"));
  await dashboard.page.locator("#run").getByText("new", { exact: true }).waitFor();
  await probe.tell(20);
  await dashboard.page.getByText("Steps 0 to 19 · whole run, live").waitFor();
  await dashboard.close();
});

test("a run that ended before its first step gives way to the next one that starts, until it is chosen again", async () => {
  await stage.hub.play(runs.endedEarly, { status: "failed", error: "ModuleNotFoundError: No module named 'model'\n" });
  const dashboard = await stage.open();
  const shown = dashboard.page.locator("#run");
  const nothing = dashboard.page.getByText("Ended before its first step");
  await dashboard.post({ type: "show", run: "ended-early" });
  await nothing.waitFor();
  const probe = await stage.probe(live("second-try"));
  await shown.getByText("second-try", { exact: true }).waitFor();
  await dashboard.post({ type: "show", run: "ended-early" });
  await nothing.waitFor();
  await probe.tell(40); // news of a run that is known already
  await dashboard.settled();
  await nothing.waitFor();
  await dashboard.close();
});

test("a zoomed window stays where it is while the run goes on", async () => {
  const probe = await stage.probe(live("zoomed"));
  await probe.tell(200);
  const dashboard = await stage.open({ run: "zoomed" });
  await dashboard.page.getByRole("button", { name: "Zoom in" }).click();
  await dashboard.page.getByText("Steps 50 to 150").waitFor();
  await probe.tell(300);
  await dashboard.page.locator("#run").getByText("300 steps").waitFor();
  assert.equal(await steps(dashboard).innerText(), "Steps 50 to 150");
  await dashboard.close();
});

test("a hidden dashboard asks for nothing, and catches up when shown", async () => {
  const probe = await stage.probe(live("hidden"));
  await probe.tell(100);
  const relay = stage.hub.relay();
  const dashboard = await stage.open({ run: "hidden", relay });
  await dashboard.page.getByText("Steps 0 to 99").waitFor();
  // Headless Chromium counts every page as visible, so the page is told that it is not.
  const show = (state: string) =>
    dashboard.page.evaluate((s) => {
      Object.defineProperty(document, "visibilityState", { value: s, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await show("hidden");
  const from = await heard(dashboard, () => methods(dashboard).lastIndexOf("pause") + 1 || undefined);
  await probe.tell(200);
  // Even a push that was under way must not wake it.
  for (const message of relay.pushes.slice(-1)) await dashboard.post({ type: "message", message });
  await dashboard.settled();
  assert.deepEqual(methods(dashboard).slice(from), []);
  const pushes = relay.pushes.length;
  await stage.hub.play(live("hidden-other"));
  await probe.tell(300);
  assert.equal(relay.pushes.length, pushes);
  await show("visible");
  await dashboard.page.getByText("Steps 0 to 299").waitFor();
  await dashboard.close();
});

test("a chart that is out of view is not drawn with each move, and shows where the others are once it is scrolled to", async () => {
  await stage.hub.play(live("scrolled"));
  const dashboard = await stage.open({ run: "scrolled" });
  await dashboard.page.getByRole("button", { name: "Zoom in" }).click();
  await dashboard.page.locator('[data-chart="step-time"] canvas[aria-label]').waitFor({ state: "attached" });
  const drawn = await dashboard.page.evaluate(async () => {
    const chart = (id: string) => document.querySelector(`[data-chart="${id}"]`)!;
    const watch = (id: string) => {
      const labels: string[] = [];
      const canvas = chart(id).querySelector("canvas")!;
      new MutationObserver(() => labels.push(canvas.getAttribute("aria-label")!)).observe(canvas, {
        attributeFilter: ["aria-label"],
      });
      return labels;
    };
    const [seen, unseen] = [watch("norm"), watch("step-time")];
    for (let move = 0; move < 40; move++) {
      const deltaX = move % 2 === 0 ? 60 : -60;
      chart("norm")
        .querySelector(".surface")!
        .dispatchEvent(new WheelEvent("wheel", { deltaX, cancelable: true }));
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
    }
    return { seen: seen.length, unseen: unseen.length };
  });
  assert.ok(drawn.seen >= 30 && drawn.unseen < drawn.seen / 2, JSON.stringify(drawn));
  await dashboard.settled();
  const before = await steps(dashboard).innerText();
  await dashboard.page.getByRole("button", { name: "Earlier steps" }).click();
  await steps(dashboard).filter({ hasNotText: before }).waitFor();
  const [, window] = /^Steps (.+)$/.exec(await steps(dashboard).innerText())!;
  const unseen = dashboard.page.locator('[data-chart="step-time"] canvas');
  await unseen.scrollIntoViewIfNeeded();
  await dashboard.page.locator(`[data-chart="step-time"] canvas[aria-label*="steps ${window}."]`).waitFor();
  await dashboard.close();
});

test("at most one tile is under way", async () => {
  const probe = await stage.probe(live("slow"));
  await probe.tell(100);
  const relay = new HoldingRelay();
  const dashboard = await stage.open({ run: "slow", relay });
  relay.isHolding = true;
  const before = dashboard.requests("tile").length;
  for (const upTo of [200, 300, 400]) {
    await probe.tell(upTo);
    await dashboard.page.getByText(`Steps 0 to ${upTo - 1}`).waitFor();
  }
  assert.equal(dashboard.requests("tile").length, before + 1);
  relay.release();
  await heard(dashboard, () => (dashboard.requests("tile").length > before + 1 ? true : undefined));
  const last = dashboard.requests("tile").at(-1)!;
  assert.equal(last.type === "request" && last.request.method === "tile" && last.request.to, 399);
  await dashboard.close();
});

test("what a live run tells of itself is drawn once, with the tile that belongs to it", async () => {
  const probe = await stage.probe(live("once"));
  await probe.tell(100);
  const relay = new HoldingRelay();
  const dashboard = await stage.open({ run: "once", relay });
  const canvas = dashboard.page.locator('[data-chart="norm"] canvas');
  const drawings = await canvas.evaluateHandle((element: HTMLCanvasElement) => {
    const context = element.getContext("2d")!;
    const counted = { n: 0 };
    const clear = context.clearRect.bind(context);
    context.clearRect = (...area) => {
      counted.n++;
      clear(...area);
    };
    return counted;
  });
  relay.isHolding = true;
  const before = dashboard.requests("tile").length;
  await probe.tell(450); // with a spike, which is marked in the chart
  await dashboard.page.locator('[data-figure="spikes"]').getByText("1", { exact: true }).waitFor();
  await dashboard.page.getByText("Steps 0 to 449").waitFor();
  assert.equal(await drawings.evaluate(({ n }) => n), 0);
  relay.release();
  await dashboard.page.locator('[data-chart="norm"] canvas[aria-label*="steps 0 to 449."]').waitFor();
  assert.match((await canvas.getAttribute("aria-label"))!, /1 spike\./);
  const drawn = await drawings.evaluate(({ n }) => n);
  const tiles = 1 + dashboard.requests("tile").length - before; // one was under way, perhaps
  assert.ok(drawn <= tiles, `${drawn} drawings, ${tiles} tiles`);
  await dashboard.close();
});

test("run, window and tables survive a reload of the page", async () => {
  const dashboard = await stage.open({ run: "unclipped" });
  await dashboard.page.getByRole("button", { name: "Zoom in" }).click();
  await dashboard.page.getByRole("button", { name: "Table of Loss" }).click();
  const shown = await steps(dashboard).innerText();
  await dashboard.page.reload();
  await dashboard.drawn();
  assert.equal(await steps(dashboard).innerText(), shown);
  await dashboard.page.locator('[data-chart="loss"] table').waitFor();
  assert.match(await dashboard.page.locator("#run").innerText(), /finetune\.py/);
  await dashboard.close();
});

test("moving about is not written down with each move, and none of it is lost by a reload", async () => {
  const dashboard = await stage.open({ run: "unclipped" });
  await dashboard.page.getByRole("button", { name: "Zoom in" }).click();
  const written = await dashboard.page.evaluate(async () => {
    let count = 0;
    const { setItem } = Storage.prototype;
    Storage.prototype.setItem = function (...item) {
      count++;
      setItem.apply(this, item);
    };
    const surface = document.querySelector('[data-chart="norm"] .surface')!;
    const begun = performance.now();
    for (let move = 0; move < 30; move++) {
      surface.dispatchEvent(new WheelEvent("wheel", { deltaX: move % 3 === 0 ? -30 : 30, cancelable: true }));
      await new Promise(requestAnimationFrame);
    }
    return { count, most: Math.ceil((performance.now() - begun) / 250) + 1 };
  });
  assert.ok(written.count <= Math.min(written.most, 29), JSON.stringify(written));
  await dashboard.settled();
  const edges = (await steps(dashboard).innerText()).match(/[\d,]+/g)!;
  const [from, to] = edges.map((edge) => Number(edge.replace(",", ""))) as [number, number];
  await dashboard.page.evaluate(() => {
    const surface = document.querySelector('[data-chart="norm"] .surface')!;
    for (const deltaX of [-60, -30]) surface.dispatchEvent(new WheelEvent("wheel", { deltaX, cancelable: true }));
    location.reload();
  });
  // Both start from what is on screen: the last goes back by a twentieth of it.
  const first = Math.round(from - (to - from) / 20);
  const [left, right] = [first, first + to - from].map((step) => step.toLocaleString("en"));
  await dashboard.page.getByText(`Steps ${left} to ${right}`, { exact: true }).waitFor();
  await dashboard.close();
});

test("runs and series are chosen by keyboard", async () => {
  const dashboard = await stage.open({ run: "unclipped" });
  const { page } = dashboard;
  await page.locator("#run").focus();
  await page.keyboard.type("gan");
  await page.keyboard.press("Enter");
  await page.locator("#series").waitFor();
  const first = await page.locator("#series .name").innerText();
  await page.locator("#series").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press(first === "generator" ? "Home" : "End");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#series .name").innerText(), first, "Escape chooses nothing");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press(first === "discriminator" ? "End" : "Home");
  await page.keyboard.press("Enter");
  await page.waitForFunction((old) => document.querySelector("#series .name")?.textContent !== old, first);
  await dashboard.drawn();
  await dashboard.close();
});

test("the keyboard alone reaches the code", async () => {
  const dashboard = await stage.open({ run: "unclipped" });
  const { page } = dashboard;
  const tabTo = async (text: RegExp) => {
    for (let i = 0; i < 40; i++) {
      if (text.test(await page.evaluate(() => document.activeElement?.textContent ?? "").then((t) => t.trim()))) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`no Tab leads to ${text}`);
  };
  await page.locator("#run").focus();
  await tabTo(/^Write to code$/);
  await page.keyboard.press("Enter");
  const write = await heard(dashboard, (sent) => sent.find((message) => message.type === "writeThreshold"));
  const shown = Number(await page.locator(".suggestion .threshold").innerText());
  assert.deepEqual(write, {
    type: "writeThreshold",
    id: 1,
    run: "unclipped",
    series: "adamw",
    threshold: shown,
    kind: "norm",
  });
  await page.keyboard.press("Enter"); // while the first is under way
  await dashboard.post({ type: "asked", id: 1 });
  await page.getByText("Waiting for your answer: tick the change in the preview").waitFor();
  const cell = "c".repeat(64);
  await dashboard.post({ type: "written", id: 1, ok: { ...runs.SITE, cell, summary: "Inserted." }, err: null });
  await page.getByRole("button", { name: "train.py:42" }).waitFor();
  assert.equal(dashboard.sent.filter(({ type }) => type === "writeThreshold").length, 1);
  await tabTo(/^train\.py:42$/);
  await page.keyboard.press("Enter");
  const reveal = await heard(dashboard, (sent) => sent.find((message) => message.type === "reveal"));
  assert.deepEqual(reveal, { type: "reveal", location: { ...runs.SITE, cell } });
  await dashboard.close();
});

test("an event leads to its step and to its code", async () => {
  const dashboard = await stage.open({ run: "unclipped" });
  await dashboard.page.getByRole("button", { name: "step 662" }).click();
  await dashboard.page.getByText("Steps 612 to 712").waitFor();
  await dashboard.page.getByRole("button", { name: "Go to code" }).first().click();
  const reveal = await heard(dashboard, (sent) => sent.find((message) => message.type === "reveal"));
  assert.deepEqual(reveal, { type: "reveal", location: { ...runs.SITE, cell: null } });
  await dashboard.close();
});

test("hostile names are text", async () => {
  const dashboard = await stage.open({ run: "hostile" });
  const { page } = dashboard;
  assert.equal(await page.locator("#run .name").innerText(), runs.HOSTILE_NAME);
  await page.locator("#run").click();
  await page.locator("#series").click();
  assert.equal(await page.locator("img, script:not([nonce]):not(#l10n), b, i, h1:not(.unseen)").count(), 0);
  assert.equal(await page.title(), "Gradsight Dashboard");
  assert.deepEqual(dashboard.complaints, []);
  await dashboard.close();
});

test("a message that fits no shape is reported and changes nothing", async () => {
  const dashboard = await stage.open({ run: "unclipped" });
  const bad: unknown[] = [
    { type: "weather" },
    { type: "hub", state: "asleep", reason: null },
    { type: "message", message: { push: "run", run: { summary: null } } },
    { type: "message", message: null },
    { type: "tile", bytes: new Uint8Array([1, 2, 3]) },
    { type: "written", id: -1 },
  ];
  for (const message of bad) await dashboard.post(message as ToDashboard);
  await heard(dashboard, (sent) =>
    sent.filter(({ type }) => type === "log").length === bad.length ? true : undefined,
  );
  assert.ok(dashboard.sent.every((message) => message.type !== "log" || message.level === "warn"));
  assert.deepEqual(dashboard.complaints, []);
  await dashboard.page.getByRole("button", { name: "Zoom in" }).click();
  await dashboard.page.getByText(/^Steps 300 to 900$/).waitFor();
  await dashboard.close();
});

test("a lost connection is said, and mended without losing the picture", async () => {
  await (await stage.probe(live("left-alone"))).tell();
  const relay = stage.hub.relay();
  const dashboard = await stage.open({ run: "left-alone", relay });
  const status = dashboard.page.locator(".status p");
  assert.match(await status.innerText(), /^Running ·/);
  relay.drop();
  await dashboard.page.locator(".banner").getByText("Disconnected").waitFor();
  await dashboard.page.locator('[data-chart="norm"] canvas').waitFor();
  // It may have ended since.
  await status.getByText("Running when last heard from ·").waitFor();
  await dashboard.page.locator("#run").getByText("Running when last heard from ·").waitFor();
  relay.reconnect();
  await dashboard.page.locator(".banner").waitFor({ state: "hidden" });
  await status.getByText("Running ·").waitFor();
  await dashboard.close();
});

test("from right to left, a text in Latin letters ends with its full stop, on the page's side", async () => {
  const dashboard = await stage.open({ run: "unclipped" });
  await dashboard.page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
  await dashboard.settled();
  const text = dashboard.page.locator(".suggestion .explanation p").first();
  const { stop, before, gap } = await text.evaluate((paragraph) => {
    const node = paragraph.firstChild as Text;
    const at = (from: number) => {
      const range = document.createRange();
      range.setStart(node, from);
      range.setEnd(node, from + 1);
      return range.getBoundingClientRect();
    };
    const box = paragraph.getBoundingClientRect();
    const lines = document.createRange();
    lines.selectNodeContents(paragraph);
    const { length } = node.data;
    return {
      stop: at(length - 1).left,
      before: at(length - 2).left,
      gap: box.right - lines.getBoundingClientRect().right,
    };
  });
  assert.match((await text.textContent())!, /\w\.$/);
  assert.ok(stop > before, `the full stop stands at ${stop}, the letter before it at ${before}`);
  assert.ok(gap < 2, `${gap} pixels to the page's side`);
  await dashboard.close();
});

test("a panel in another language shows that language", async () => {
  const bundle = { Loss: "Verlust", "{0} · {1} · {2} steps": "{0} · {1} · {2} Schritte" };
  const dashboard = await stage.open({ run: "unclipped", bundle });
  await dashboard.page.getByRole("heading", { name: "Verlust" }).waitFor();
  assert.match(await dashboard.page.locator("#run").innerText(), /1,200 Schritte/);
  await dashboard.close();
});

test("the story of a run that went wrong leads to the step, and is told in the probe's words", async () => {
  const probe = await stage.probe(runs.nonFinite);
  await probe.tell();
  const dashboard = await stage.open({ run: "non-finite" });
  await dashboard.page.getByText("Steps 0 to 450").waitFor();
  assert.equal(await dashboard.page.locator(".story").isVisible(), false);
  await probe.end({ status: "failed", error: runs.TRACEBACK, story: runs.STORY });
  const story = dashboard.page.getByRole("region", { name: "Why it went wrong" });
  await story.waitFor();
  for (const { title, lines, table } of runs.STORY.sections) {
    await story.getByRole("heading", { name: title }).waitFor();
    for (const line of lines)
      assert.equal(await story.getByRole("listitem").getByText(line, { exact: true }).count(), 1);
    if (table.length === 0) continue;
    const rows = await story.getByRole("region", { name: title }).getByRole("row").all();
    assert.deepEqual(await Promise.all(rows.map((row) => row.locator("th, td").allInnerTexts())), table);
  }
  await story.getByRole("button", { name: "step 450" }).focus();
  await dashboard.page.keyboard.press("Enter");
  await dashboard.page.getByText("Steps 350 to 450").waitFor();
  await dashboard.page.keyboard.press("Tab");
  assert.equal(
    await dashboard.page.evaluate(() => document.activeElement?.getAttribute("aria-label")),
    "What led to it",
    "a table that may scroll is reached by the keyboard",
  );
  await dashboard.close();
});
