import { expect, it } from "vitest";
import { frame, hello, ProbeClient, ViewerClient } from "../testing/clients.ts";
import { TestHub } from "../testing/test-hub.ts";

const frameOf = (seq: number) => {
  const steps = Array.from({ length: 50 }, (_, i) => seq * 50 + i);
  return frame(hello(), seq, steps, { norm_pre: steps.map((step) => (step === 12_345 ? 1e6 : 1)) });
};

/** The newest frame of all, and the newest that a model has. */
function frames(hub: TestHub): { newest: number; kept: number | null } {
  const db = hub.database({ readOnly: true });
  const row = db
    .prepare("SELECT (SELECT max(id) FROM frames) AS newest, (SELECT max(frame) FROM models) AS kept")
    .get();
  db.close();
  return row as unknown as ReturnType<typeof frames>;
}

async function kept(hub: TestHub, wanted: (of: ReturnType<typeof frames>) => boolean): Promise<void> {
  while (!wanted(frames(hub))) await new Promise((resolve) => setTimeout(resolve, 20));
}

it("keeps a run that nobody looks at close to its frames, and finds its events", async () => {
  const hub = await TestHub.start();
  const { probe } = await ProbeClient.greet(hub.endpoint, hello());
  for (let seq = 0; seq < 600; seq += 1) probe.send(frameOf(seq));
  await probe.acknowledged(600);
  await kept(hub, ({ newest, kept }) => kept !== null && newest - kept < 100);
  await hub.kill();
  const again = await TestHub.start({ storage: hub.storage });
  const viewer = await ViewerClient.connect(again.endpoint);
  const run = await viewer.subscribe("run-1");
  expect(run.series[0]).toMatchObject({ steps: 30_000, lastStep: 29_999 });
  expect(run.events.map(({ kind, step }) => [kind, step])).toEqual([["spike", 12_345]]);
});

it("makes up at the start for what was lost of it", async () => {
  const hub = await TestHub.start();
  const { probe } = await ProbeClient.greet(hub.endpoint, hello());
  for (let seq = 0; seq < 600; seq += 1) probe.send(frameOf(seq));
  await probe.acknowledged(600);
  await hub.stop();
  const db = hub.database();
  db.exec("PRAGMA foreign_keys = ON; DELETE FROM models");
  db.close();
  const again = await TestHub.start({ storage: hub.storage });
  await kept(again, ({ newest, kept }) => kept === newest);
});
