import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { STORE_FILE } from "../store/open.ts";
import { end, frame, hello, ProbeClient, ViewerClient } from "../testing/clients.ts";
import { TestHub, temporaryFolder } from "../testing/test-hub.ts";

const DAY = 86_400;
const STEPS = Array.from({ length: 5000 }, (_, i) => i);

/** A store of runs of about 2 MB each, last heard of `days` ago, by id; "running" has not ended. */
async function storeOf(days: Record<string, number>): Promise<string> {
  const hub = await TestHub.start({ storage: temporaryFolder() });
  for (const id of Object.keys(days)) {
    const told = hello({ id, run: { ...hello().run, id, name: id } });
    const { probe } = await ProbeClient.greet(hub.endpoint, told);
    for (let seq = 0; seq < 10; seq += 1)
      probe.send(
        frame(
          told,
          seq,
          STEPS.map((i) => seq * 5000 + i),
          { norm_pre: STEPS.map(() => 1) },
        ),
      );
    if (id !== "running") probe.send(end(10));
    await probe.acknowledged(id === "running" ? 10 : 11);
  }
  await hub.stop();
  const db = hub.database();
  for (const [id, ago] of Object.entries(days)) {
    const at = Date.now() / 1000 - ago * DAY;
    db.prepare("UPDATE attempts SET last_seen = ? WHERE run = (SELECT id FROM runs WHERE run = ?)").run(at, id);
    // The hub's own clock says that it still runs.
    if (id === "running") db.prepare("UPDATE attempts SET alive_at = ? WHERE status IS NULL").run(Date.now() / 1000);
  }
  db.close();
  return hub.storage;
}

const retain = (viewer: ViewerClient, keepDays: number, maxMegabytes: number) =>
  viewer.request<{ removed: string[] }>("retain", { keepDays, maxMegabytes });

async function open(storage: string) {
  const hub = await TestHub.start({ storage });
  const viewer = await ViewerClient.connect(hub.endpoint);
  return { hub, viewer, ids: async () => (await viewer.runs()).map(({ id }) => id).toSorted() };
}

it("removes what is too old, but no starred run and none that is running", async () => {
  const { viewer, ids } = await open(await storeOf({ old: 40, starred: 50, running: 60, new: 1 }));
  await viewer.request("star", { run: "starred", starred: true });
  expect(await retain(viewer, 0, 0)).toEqual({ removed: [] });
  expect(await retain(viewer, 45, 0)).toEqual({ removed: [] });
  expect(await retain(viewer, 30, 0)).toEqual({ removed: ["old"] });
  expect(await ids()).toEqual(["new", "running", "starred"]);
  expect(await retain(viewer, 30, 0)).toEqual({ removed: [] });
});

it("removes the oldest until the rest is small enough, and gives the space back", async () => {
  const storage = await storeOf({ oldest: 4, older: 3, starred: 5, newer: 2, newest: 1 });
  const size = () => statSync(join(storage, STORE_FILE)).size / 1e6;
  const { viewer, ids } = await open(storage);
  await viewer.request("star", { run: "starred", starred: true });
  const before = size();
  const each = before / 5;
  expect(await retain(viewer, 0, Math.ceil(before))).toEqual({ removed: [] });
  expect(await retain(viewer, 0, Math.floor(before - 1.5 * each))).toEqual({ removed: ["oldest", "older"] });
  expect(size()).toBeLessThan(before - 1.5 * each);
  // What alone is too large stays if it is the newest.
  expect(await retain(viewer, 0, 1)).toEqual({ removed: ["newer"] });
  expect(await ids()).toEqual(["newest", "starred"]);
});
