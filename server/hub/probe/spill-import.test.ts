import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { end, frame, golden, goldenFile, hello, ProbeClient, ViewerClient } from "../testing/clients.ts";
import { spillOf } from "../testing/spill-file.ts";
import { TestHub, temporaryFolder } from "../testing/test-hub.ts";
import { readSpill } from "./spill.ts";

const A_DAY_AGO = Math.floor(Date.now() / 1000) - 86_400;

/** A storage folder with one spill file in it. */
function withSpill(bytes: Uint8Array, { storage = temporaryFolder(), old = true } = {}) {
  const folder = join(storage, "spill");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "run-1-0-attempt-1.gsspill");
  writeFileSync(file, bytes);
  if (old) utimesSync(file, A_DAY_AGO, A_DAY_AGO);
  return { storage, folder, file };
}

const deadHere = { ...hello().run, host: hostname(), pid: 2 ** 30 };
const aliveHere = { ...hello().run, host: hostname(), pid: process.pid };

it.each<{ file: string; records: unknown[] }>(golden.spills)("imports $file and deletes it", async (spill) => {
  const { storage, file } = withSpill(goldenFile(spill.file));
  const hub = await TestHub.start({ storage });
  await hub.logs.find((line) => line.startsWith("Imported"));
  expect(existsSync(file)).toBe(false);
  const viewer = await ViewerClient.connect(hub.endpoint);
  const run = await viewer.subscribe("run-1");
  const ended = spill.records.length === 5;
  expect(run.series[0]).toMatchObject({ id: "adamw", steps: 10, lastStep: 10 });
  expect(run.summary).toMatchObject({ status: ended ? "failed" : "lost" });
  // What was written a day ago was heard a day ago; but a run that began later can't have been seen before.
  expect(run.summary.lastSeen).toBe(Math.max(run.summary.startedAt, A_DAY_AGO));
});

it.each<{ file: string; records: unknown[] }>(golden.spills)("reads $file up to its tear", ({ file, records }) => {
  const { file: path } = withSpill(goldenFile(file));
  const read = [...readSpill(path)].map((record) =>
    record.kind === "text" ? { kind: 0, message: JSON.parse(record.text) } : { kind: 1, bytes: record.bytes },
  );
  const expected = (records as { kind: number; frame: string; message: unknown }[]).map((record) =>
    record.kind === 0 ? record : { kind: 1, bytes: goldenFile(record.frame) },
  );
  expect(read).toEqual(expected);
});

it("goes on where an earlier connection was cut, without doubling what had arrived", async () => {
  const before = await TestHub.start();
  const { probe } = await ProbeClient.greet(before.endpoint, hello());
  probe.send(frame(hello(), 0, [1, 2], { norm_pre: [1, 2] }));
  await probe.acknowledged(1);
  await before.stop();
  const { storage } = withSpill(
    spillOf(
      hello({ run: deadHere }),
      frame(hello(), 0, [1, 2], { norm_pre: [1, 2] }),
      frame(hello(), 1, [3], { norm_pre: [3] }),
      end(2),
    ),
    { storage: before.storage, old: false },
  );
  const hub = await TestHub.start({ storage });
  await hub.logs.find((line) => line.startsWith("Imported"));
  const viewer = await ViewerClient.connect(hub.endpoint);
  expect((await viewer.tile())["norm_pre.last"]).toEqual([1, 2, 3]);
  expect((await viewer.runs())[0]).toMatchObject({ status: "finished", steps: 3 });
});

it("leaves the file of a probe that is alive, or may be", async () => {
  const records = [frame(hello(), 0, [1], {})];
  const { storage, folder } = withSpill(spillOf(hello({ run: aliveHere }), ...records), { old: false });
  // A process of another machine (or container) can't be looked up; this file was written a moment ago.
  writeFileSync(join(folder, "elsewhere.gsspill"), spillOf(hello({ id: "run-2" }), ...records));
  writeFileSync(join(folder, "left-over.gsspill"), spillOf(hello({ run: { ...deadHere, id: "run-3" } })));
  const hub = await TestHub.start({ storage });
  await hub.logs.find((line) => line.startsWith("Imported"));
  const viewer = await ViewerClient.connect(hub.endpoint);
  expect((await viewer.runs()).map(({ id }) => id)).toEqual(["run-3"]);
  await hub.stop();
  expect(readdirSync(folder).sort()).toEqual(["elsewhere.gsspill", "run-1-0-attempt-1.gsspill"]);
});

it.each([
  ["an unknown kind of record", Buffer.from([1, 0, 0, 0, 9, 0])],
  ["a length that no record has", Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0])],
  ["no hello", spillOf(end(0))],
  ["another protocol", spillOf(hello({ protocol: 2 }))],
  ["no JSON", Buffer.from([1, 0, 0, 0, 0, 0x7b])],
])("sets a file with %s aside", async (_, bytes) => {
  const { storage, folder } = withSpill(bytes);
  const hub = await TestHub.start({ storage });
  await hub.logs.find((line) => line.includes("could not be imported"));
  await hub.stop();
  expect(readdirSync(folder)).toEqual(["run-1-0-attempt-1.gsspill.unreadable"]);
});

it("does not bring a deleted run back", async () => {
  const before = await TestHub.start();
  await ProbeClient.greet(before.endpoint, hello());
  await (await ViewerClient.connect(before.endpoint)).request("delete", { run: "run-1" });
  await before.stop();
  const { storage, file } = withSpill(goldenFile("spill/whole.gsspill"), { storage: before.storage });
  const hub = await TestHub.start({ storage });
  await hub.logs.find((line) => line.startsWith("Removed"));
  expect(await (await ViewerClient.connect(hub.endpoint)).runs()).toEqual([]);
  expect(existsSync(file)).toBe(false);
});
