import { expect, test } from "vitest";
import type { RunDetail } from "../../protocol/viewer.ts";
import { Beside } from "./beside.ts";
import type { View } from "./feed.ts";
import type { Tile } from "./tile.ts";

const settled = () => new Promise((resolve) => setTimeout(resolve));
const view = (run: string, from = 0) => ({ run, series: "s", from, to: 9, buckets: 5, follows: false });

/** A hub that answers a tile when it is told to; a tile's `from` says of which run and window it is. */
function setUp() {
  const asked: string[] = [];
  const answers: ((tile: Tile | null) => void)[] = [];
  const details: string[] = [];
  const beside = new Beside({
    askRun: async (run) => {
      details.push(run);
      return { summary: { id: run } } as RunDetail;
    },
    askTile: ({ run, from }: View) => {
      asked.push(`${run}${from}`);
      return new Promise((resolve) => answers.push(resolve));
    },
    isReady: () => true,
    changed: () => {},
  });
  const answer = async (tile: Tile | null = { from: Float64Array.of(1) } as unknown as Tile) => {
    answers.shift()!(tile);
    await settled();
  };
  return { beside, asked, details, answer };
}

test("one tile is under way, and the run that has waited longest is next, also while the window moves on", async () => {
  const { beside, asked, answer } = setUp();
  beside.watch(["a", "b", "c"]);
  for (let from = 0; from < 6; from++) {
    beside.show(["a", "b", "c"].map((run) => view(run, from)));
    await answer();
  }
  expect(asked).toEqual(["a0", "b1", "c2", "a3", "b4", "c5"]);
});

test("a refused tile keeps no other one waiting", async () => {
  const { beside, asked, answer } = setUp();
  beside.watch(["a", "b"]);
  const both = [view("a"), view("b")];
  beside.show(both);
  await answer(null);
  beside.show(both);
  expect(asked).toEqual(["a0", "b0"]);
});

test("what is known of a run stays while others come, and goes with it", async () => {
  const { beside, details, answer } = setUp();
  beside.watch(["a"]);
  await settled();
  beside.show([view("a")]);
  await answer();
  beside.watch(["a", "b"]);
  await settled();
  expect(details).toEqual(["a", "b"]);
  expect(beside.tileOf("a")).not.toBeNull();
  beside.watch(["b"]);
  expect([beside.detailOf("a"), beside.tileOf("a"), beside.detailOf("b")?.summary.id]).toEqual([null, null, "b"]);
});

test("an answer for a run that was taken away meanwhile is dropped", async () => {
  const { beside, answer } = setUp();
  beside.watch(["a"]);
  beside.show([view("a")]);
  beside.watch([]);
  beside.watch(["a"]);
  await answer();
  expect(beside.tileOf("a")).toBeNull();
});
