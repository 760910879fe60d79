import { expect, it, onTestFinished } from "vitest";
import { Breath } from "../runs/breath.ts";
import { StagedLog } from "./staged-log.ts";

const part = (attempt = 0) => ({ rank: 0, attempt, series: "s" });

/** The samples of each attempt as [step, table, norms], of cells that come in this order. */
async function settled(put: (cells: StagedLog["cells"]) => void, attempts = 1) {
  const log = await StagedLog.open();
  onTestFinished(() => log.close());
  put(log.cells);
  await log.cells.settle(log.layers, new Breath(), () => {});
  return Array.from({ length: attempts }, (_, attempt) => ({
    tables: log.cells.tablesOf(part(attempt)),
    samples: pages(log, attempt),
  }));
}

function pages({ layers }: StagedLog, attempt: number) {
  const samples: [number, string, number[]][] = [];
  for (let after: number | null = -1; after !== null; ) {
    const page = layers.page(part(attempt), after, Number.MAX_SAFE_INTEGER, 1000);
    samples.push(...page.rows.map(({ step, table, norms }): [number, string, number[]] => [step, table, [...norms!]]));
    after = page.next === null ? null : page.next - 1;
  }
  return samples;
}

it("brings the layers of a step together, which may be logged one behind the other", async () => {
  const [only] = await settled((cells) => {
    for (const step of [5, 2, 7]) cells.putUncounted("s", step, "a", step);
    for (const step of [7, 2]) cells.putUncounted("s", step, "b", Number.NaN);
  });
  expect(only).toEqual({
    tables: { "layers-1": ["a", "b"], "layers-2": ["a"] },
    samples: [
      [2, "layers-1", [2, Number.NaN]],
      [5, "layers-2", [5]],
      [7, "layers-1", [7, Number.NaN]],
    ],
  });
});

it("takes what comes once more for that of a further attempt, unless it was voided before", async () => {
  const again = await settled((cells) => {
    for (const [step, norm] of [
      [1, 10],
      [2, 20],
      [1, 11],
      [2, 21],
    ] as const)
      cells.putUncounted("s", step, "a", norm);
  }, 2);
  expect(again.map(({ samples }) => samples.map(([step, , norms]) => [step, ...norms]))).toEqual([
    [
      [1, 10],
      [2, 20],
    ],
    [
      [1, 11],
      [2, 21],
    ],
  ]);
  const [voided] = await settled((cells) => {
    for (const step of [1, 2, 3]) cells.putUncounted("s", step, "a", step);
    cells.forget("s", 2);
    cells.putUncounted("s", 2, "a", 22);
  });
  expect(voided!.samples.map(([step, , norms]) => [step, ...norms])).toEqual([
    [1, 1],
    [2, 22],
  ]);
});

it("takes what was told last of a layer at a step, however often a log tells of one step", async () => {
  const [only] = await settled((cells) => {
    for (let i = 0; i < 5000; i += 1) for (const layer of ["a", "b"]) cells.putUncounted("s", 3, layer, i);
    cells.putUncounted("s", 4, "c", 1);
    cells.putUncounted("s", 3, "b", -1);
  });
  expect(only!.samples).toEqual([
    [3, "layers-1", [4999, -1]],
    [4, "layers-2", [1]],
  ]);
});

it("lets other work through while it brings them together, and can be given up there", async () => {
  const log = await StagedLog.open();
  onTestFinished(() => log.close());
  for (let step = 0; step < 20_000; step += 1) log.cells.putUncounted("s", step, "a", step);
  await expect(log.cells.settle(log.layers, new Breath(AbortSignal.abort()), () => {})).rejects.toThrow("aborted");
});

it("tells how far it has brought them together", async () => {
  const log = await StagedLog.open();
  onTestFinished(() => log.close());
  for (let step = 0; step < 4; step += 1)
    for (const layer of ["a", "b"]) log.cells.putUncounted("s", step, layer, step);
  const shares: number[] = [];
  await log.cells.settle(log.layers, new Breath(), (done) => shares.push(done));
  expect(shares).toEqual([0, 0.25, 0.5, 0.75]);
});
