import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { SeriesInfo } from "../../../protocol/telemetry.ts";
import { end, event, frame, hello, ProbeClient, SERIES } from "../testing/clients.ts";
import { TestHub, temporaryFolder } from "../testing/test-hub.ts";

type Numbers = readonly number[];

const steady = (count: number, level: number): number[] =>
  Array.from({ length: count }, (_, i) => level * (1 + 0.3 * Math.sin(i * 1.7)));
const exploding = [...steady(300, 2), ...Array.from({ length: 12 }, (_, i) => 2 * 3 ** (i + 1))];

/** A run of one series, whose update is on line 10 of `file`. */
async function record(hub: TestHub, id: string, file: string, norms: Numbers, more: Partial<SeriesInfo> = {}) {
  const series = { ...SERIES, optimizer: "Adam", site: { file, line: 10 }, ...more };
  const greeting = hello({ id, series: [series] });
  const { probe } = await ProbeClient.greet(hub.endpoint, greeting);
  const steps = norms.map((_, i) => i);
  const threshold = more.clip ? { threshold: norms.map(() => 100) } : {};
  probe.send(frame(greeting, 0, steps, { norm_pre: [...norms], ...threshold }));
  await probe.acknowledged(1);
  return { probe, finish: () => probe.send(end(1)), startedAt: greeting.run.startedAt };
}

function script(folder = temporaryFolder()): string {
  const file = join(folder, "train.py");
  writeFileSync(file, "");
  return file;
}

it("tells what a run saw once it has ended, for the file that its update is in", async () => {
  const hub = await TestHub.start();
  const [file, other] = [script(), script()];
  hub.watch(file, other);
  const { finish, startedAt } = await record(hub, "calm", file, steady(1200, 2));
  finish();
  const [seen, ...more] = await hub.observed.find((updates) => updates.length > 0);
  expect(more).toEqual([]);
  expect(seen).toMatchObject({
    file,
    run: "calm",
    startedAt,
    optimizer: "Adam",
    siteLine: 10,
    clipLine: null,
    clips: false,
    steps: 1200,
    lastStep: 1199,
    calm: true,
    explosion: null,
    clippedScale: null,
    hash: null,
  });
  expect(seen!.max).toBeCloseTo(2.6, 1);
});

it("tells what is wrong with a run beside its threshold", async () => {
  const hub = await TestHub.start();
  const file = script();
  hub.watch(file);
  const clip = { kind: "norm", function: "clip", location: { file, line: 9 } } as const;
  const { finish } = await record(hub, "idle", file, steady(1200, 2), { clip });
  finish();
  const [seen] = await hub.observed.find((updates) => updates.length > 0);
  expect(seen?.diagnoses).toMatchObject([{ kind: "inactive", confidence: "certain", lastStep: 1199 }]);
});

it("tells at once that a run explodes, and nothing else of one that is under way", async () => {
  const hub = await TestHub.start();
  const file = script();
  hub.watch(file);
  await record(hub, "going", file, steady(300, 2));
  await record(hub, "exploding", file, exploding);
  const updates = await hub.observed.find((told) => told.length > 0);
  expect(updates.map(({ run }) => run)).toEqual(["exploding"]);
  expect(updates[0]).toMatchObject({ lastStep: 311, explosion: { nonFinite: false } });
  expect(updates[0]!.explosion!.norm).toBeCloseTo(2 * 3 ** 12, 0);
  expect(updates[0]!.explosion!.after).toBeGreaterThanOrEqual(299);
});

it("tells what was recorded before it was asked, newest run first, and takes back what is deleted", async () => {
  const hub = await TestHub.start();
  const file = script();
  for (const id of ["first", "second"]) {
    const { finish, probe } = await record(hub, id, file, steady(60, 1), {
      clip: { kind: "norm", function: "clip", location: { file, line: 9 } },
    });
    if (id === "second") probe.send(event(1, { kind: "warning", series: "adamw", step: 0, data: { scale: 65536 } }));
    else finish();
    if (id === "second") probe.send(end(2));
  }
  hub.watch(file);
  const updates = await hub.observed.find((told) => told.length === 2);
  expect(updates.map(({ run }) => run)).toEqual(["second", "first"]);
  expect(updates.map(({ clippedScale }) => clippedScale)).toEqual([65536, null]);
  expect(updates[0]).toMatchObject({ clipLine: 9, siteLine: 10, clips: true });

  const database = hub.database();
  database.exec("DELETE FROM runs WHERE run = 'second'");
  database.close();
  expect(await hub.observed.find((told) => told.length === 1)).toMatchObject([{ run: "first" }]);
});

it("knows a file by whichever path it was run", async () => {
  const hub = await TestHub.start();
  const folder = temporaryFolder();
  mkdirSync(join(folder, "real"));
  const file = script(join(folder, "real"));
  symlinkSync(join(folder, "real"), join(folder, "link"));
  const { finish } = await record(hub, "linked", join(folder, "link", "train.py"), steady(60, 1));
  finish();
  hub.watch(file);
  expect(await hub.observed.find((told) => told.length === 1)).toMatchObject([{ file, siteLine: 10 }]);
});
