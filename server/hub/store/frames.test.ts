import { expect, it, onTestFinished } from "vitest";
import { readBatch } from "../../../protocol/batch.ts";
import { decodeFrame } from "../../../protocol/frame.ts";
import { frame, hello } from "../testing/clients.ts";
import { temporaryFolder } from "../testing/test-hub.ts";
import { openStore } from "./open.ts";
import { Store } from "./store.ts";

async function open(folder: string): Promise<Store> {
  const opened = new Store(await openStore(folder, () => {}));
  onTestFinished(() => opened.close());
  return opened;
}

async function store() {
  const folder = temporaryFolder();
  const [opened, another] = [await open(folder), await open(folder)];
  const greeting = hello();
  const run = opened.runs.put(greeting.run, 0);
  const attempt = opened.attempts.put(run, greeting, 0).key;
  const add = (seq: number, norm: number, { frames } = opened) => {
    const bytes = frame(greeting, seq, [seq], { norm_pre: [norm] });
    return frames.add(run, attempt, readBatch(decodeFrame(bytes)), bytes);
  };
  const norms = () => opened.frames.since(run, 0, 10).map(({ seq, batch }) => [seq, batch?.scalars.norm_pre?.[0]]);
  return { opened, another, add, norms };
}

it("gives what was stored, the first time and again", async () => {
  const { opened, add, norms } = await store();
  opened.transaction(() => [1, 2].map((norm, seq) => add(seq, norm)));
  expect(add(1, 3)).toBe(false);
  const both = [
    [0, 1],
    [1, 2],
  ];
  expect(norms()).toEqual(both);
  expect(norms()).toEqual(both);
});

it("gives nothing of what was rolled back, and what another hub stored then", async () => {
  const { opened, another, add, norms } = await store();
  const fails = () => {
    add(0, 1);
    throw new Error("the disk is full");
  };
  expect(() => opened.transaction(fails)).toThrow("the disk is full");
  expect(norms()).toEqual([]);
  another.transaction(() => add(0, 2, another));
  expect(norms()).toEqual([[0, 2]]);
});
