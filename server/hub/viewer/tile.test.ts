import { expect, it } from "vitest";
import { frame, hello, ProbeClient, ViewerClient } from "../testing/clients.ts";
import { TestHub } from "../testing/test-hub.ts";

it("shows a spike of one step of a million at every zoom and with any number of buckets, live and after a restart", {
  timeout: 180_000,
}, async () => {
  const [steps, perFrame, spike] = [1_000_000, 5000, 765_432];
  const live = await TestHub.start();
  const { probe } = await ProbeClient.greet(live.endpoint, hello());
  for (let seq = 0; seq < steps / perFrame; seq += 1) {
    const numbers = Array.from({ length: perFrame }, (_, i) => seq * perFrame + i);
    probe.send(frame(hello(), seq, numbers, { norm_pre: numbers.map((step) => (step === spike ? 1e6 : 1)) }));
  }
  await probe.acknowledged(steps / perFrame);

  const check = async (hub: TestHub) => {
    const viewer = await ViewerClient.connect(hub.endpoint);
    for (const buckets of [1, 3, 64, 400, 1023])
      for (let width = steps; width >= 1; width = Math.floor(width / 3)) {
        const from = Math.max(0, spike - Math.floor(width / 3));
        const tile = await viewer.tile({ from, to: from + width - 1, buckets });
        expect(tile.from!.length).toBeLessThanOrEqual(buckets);
        expect(tile["norm_pre.count"]!.reduce((sum, n) => sum + n, 0)).toBe(Math.min(width, steps - from));
        const hits = tile["norm_pre.max"]!.flatMap((max, i) => (max === 1e6 ? [i] : []));
        expect(hits.length, `${buckets} buckets of ${width} steps from ${from}`).toBe(1);
        expect(tile.from![hits[0]!]! <= spike && spike <= tile.to![hits[0]!]!).toBe(true);
      }
    const run = await viewer.subscribe("run-1");
    expect(run.events.map(({ kind, step }) => [kind, step])).toEqual([["spike", spike]]);
  };
  await check(live);
  await live.stop();
  await check(await TestHub.start({ storage: live.storage }));
});
