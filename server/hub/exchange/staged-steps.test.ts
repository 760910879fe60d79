import { expect, it, onTestFinished } from "vitest";
import { Breath } from "../runs/breath.ts";
import { StagedLog } from "./staged-log.ts";

const PART = { rank: 0, attempt: 0, series: "imported" };

async function stagedSteps() {
  const log = await StagedLog.open();
  onTestFinished(() => log.close());
  return log.steps;
}

it("brings together what is told of a step at once, later, and of steps in between", async () => {
  const steps = await stagedSteps();
  steps.put(PART, 1, 10, { loss: 1 });
  steps.put(PART, 1, null, { norm_pre: Number.NaN }, { flags: 1 });
  steps.put({ ...PART, series: "other" }, 1, null, { norm_pre: 9 });
  steps.put(PART, 0, null, { loss: 3 });
  steps.put(PART, 1, 12, { lr: 2, loss: 4 }, { flags: 2 });
  const page = steps.page(PART, -1, 10);
  expect([...page.steps]).toEqual([0, 1]);
  expect([...page.times]).toEqual([Number.NaN, 12]);
  expect([...page.flags]).toEqual([0, 3]);
  expect(Object.fromEntries(page.values)).toEqual({
    norm_pre: [undefined, Number.NaN],
    loss: [3, 4],
    lr: [undefined, 2],
  });
  expect(steps.times).toEqual({ first: 10, last: 12 });
});

it("forgets what was told last, too", async () => {
  const steps = await stagedSteps();
  for (const step of [0, 1, 2]) steps.putUncounted(PART.series, step, null, { loss: step });
  steps.forget(PART.series, 1);
  expect([...steps.page(PART, -1, 10).steps]).toEqual([0]);
});

it("tells how far it has counted", async () => {
  const steps = await stagedSteps();
  for (let step = 0; step < 25_000; step += 1) steps.put(PART, step, null, { loss: 1 });
  const shares: number[] = [];
  expect(await steps.count(new Breath(), (done) => shares.push(done))).toBe(25_000);
  expect(shares).toEqual([0.4, 0.8, 1]);
});
