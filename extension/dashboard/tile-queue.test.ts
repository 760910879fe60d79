import { expect, test } from "vitest";
import { TileQueue } from "./tile-queue.ts";

/** A webview that takes a tile only when told to. */
function slowWebview() {
  const taken: number[] = [];
  const acknowledge: (() => void)[] = [];
  const queue = new TileQueue((tile) => {
    taken.push(new Uint8Array(tile)[0]!);
    return new Promise<void>((resolve) => acknowledge.push(resolve));
  });
  return { queue, taken, acknowledge };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the next tile is posted only when the one before was taken, in order", async () => {
  const { queue, taken, acknowledge } = slowWebview();
  for (const n of [1, 2, 3]) queue.push(Uint8Array.of(n));
  await settled();
  expect(taken).toEqual([1]);
  acknowledge[0]!();
  await settled();
  expect(taken).toEqual([1, 2]);
  acknowledge[1]!();
  await settled();
  expect(taken).toEqual([1, 2, 3]);
});

test("after clear, nothing that waited is posted, and new tiles are, though the old page never answered", async () => {
  const { queue, taken, acknowledge } = slowWebview();
  queue.push(Uint8Array.of(1));
  queue.push(Uint8Array.of(2));
  await settled();
  queue.clear();
  queue.push(Uint8Array.of(3));
  await settled();
  expect(taken).toEqual([1, 3]);
  acknowledge[0]!();
  await settled();
  queue.push(Uint8Array.of(4));
  await settled();
  expect(taken).toEqual([1, 3]);
  acknowledge[1]!();
  await settled();
  expect(taken).toEqual([1, 3, 4]);
});

test("only the tile's own bytes travel, not the buffer that they are a part of", async () => {
  const posted: Uint8Array[] = [];
  const queue = new TileQueue(async (tile) => posted.push(new Uint8Array(tile)));
  queue.push(Uint8Array.of(0, 1, 2, 3).subarray(1, 3));
  queue.push(Buffer.from([0, 1, 2, 3]).subarray(1, 3)); // what the websocket gives
  await settled();
  expect(posted).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2)]);
});
