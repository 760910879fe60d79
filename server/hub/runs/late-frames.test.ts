import { describe, expect, it, vi } from "vitest";
import { BlockCache } from "../pyramid/block-cache.ts";
import { frameReads, fromAllFrames, PATIENCE, Recording, range, shown } from "../testing/recording.ts";
import { RunModel } from "./run-model.ts";

// Each goes over some ten thousand steps several times.
vi.setConfig({ testTimeout: 120_000 });

/** Of its own, so that a failure is the same again. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** Seconds: no step is waited for, not even one of the future. */
const GIVE_UP_AT_ONCE = -1e6;

/** The same in another order: each item may come later by as many places as `lateness` says. */
function delayed<T>(items: readonly T[], lateness: () => number): T[] {
  return items
    .map((item, i) => ({ item, at: i + lateness() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

const load = ({ store, run }: Recording, patience = PATIENCE, cache = new BlockCache()) =>
  RunModel.load(store, run, patience, cache);
const put = (recording: Recording, seqs: Iterable<number>, steps: number) => {
  for (const seq of seqs) recording.put("a", seq, seq * steps, steps);
};

describe("frames that come late", () => {
  it.each(range(4, 1))(
    "show what they would have shown in time, however late and whenever looked at (%i)",
    async (seed) => {
      const random = numbersFrom(seed);
      const count = 60 + Math.floor(random() * 50);
      const inOrder = await Recording.begin();
      put(inOrder, range(count), 150);
      const late = await Recording.begin();
      const cache = new BlockCache();
      let model: RunModel | null = null;
      // Most come in time, some a little late, and a few by a large part of the run.
      for (const seq of delayed(range(count), () => (random() < 0.8 ? 0 : random() ** 4 * count))) {
        put(late, [seq], 150);
        const chance = random();
        if (chance < 0.1 || (model && chance < 0.2 && !(await model.catchUp())))
          model = await load(late, PATIENCE, cache);
        model?.series.get("adamw")?.buckets(["norm_pre"], 0, 1e9, 1000);
      }
      expect(await shown(late, await load(late, PATIENCE, cache))).toEqual(await shown(inOrder, await load(inOrder)));
    },
  );

  it("are read with those after them, and few before them", async () => {
    const recording = await Recording.begin();
    const missing = [100, 250, 350, 390];
    for (const seq of range(400)) {
      if (!missing.includes(seq)) put(recording, [seq], 50);
      if (seq % 50 === 49) await load(recording);
    }
    const cache = new BlockCache();
    const everyStep = async () => {
      const model = await load(recording, PATIENCE, cache);
      return model.series.get("adamw")!.buckets(["norm_pre"], 0, 1e9, 20_000).length;
    };
    const reads = frameReads(recording.store);
    let before = 0;
    let steps = await everyStep();
    for (const seq of missing.toReversed()) {
      put(recording, [seq], 50);
      steps += 50;
      expect(await everyStep()).toBe(steps);
      // A state is kept every hundred frames here: so many are read up to what is late, too, and so many before it.
      expect(reads() - before).toBeLessThan(200 + 2 * (400 - seq));
      before = reads();
    }
    expect(await shown(recording, await load(recording))).toEqual(await fromAllFrames(recording));
  });

  it("are read with those after them also in a run that was read at once", async () => {
    const recording = await Recording.begin();
    put(
      recording,
      range(2500).filter((seq) => seq !== 2400),
      3,
    );
    await load(recording);
    const reads = frameReads(recording.store);
    put(recording, [2400], 3);
    await load(recording);
    expect(reads()).toBeLessThan(300);
    expect(await shown(recording, await load(recording))).toEqual(await fromAllFrames(recording));
  });

  it("are read with those after them where they are shares of a norm that was given up", async () => {
    const recording = await Recording.begin();
    const rank = (number: number) => ({ rank: number, worldSize: 2, group: "g" });
    const tell = (number: number, seqs: Iterable<number>) => {
      for (const seq of seqs) recording.put(`r${number}`, seq, seq * 100, 100, 3 + number, rank(number));
    };
    for (const seq of range(100)) {
      tell(0, [seq]);
      if (seq < 80) tell(1, [seq]);
      if (seq % 20 === 19) await load(recording, GIVE_UP_AT_ONCE);
    }
    tell(1, range(20, 80));
    const reads = frameReads(recording.store);
    const model = await load(recording);
    expect(model.series.get("adamw")!.buckets(["norm_pre"], 0, 1e9, 1)[0]!.summaries.get("norm_pre")).toMatchObject({
      min: 5,
      max: 5,
      count: 10_000,
    });
    expect(reads()).toBeLessThan(150);
    expect(await shown(recording, model)).toEqual(await fromAllFrames(recording));
  });
});
