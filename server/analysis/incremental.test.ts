/**
 * Whatever is done to a text, what is said of it after edits is what would be said of it afresh. `npm run soak:analysis`
 * does this for ten thousand edits.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Parser, Tree, TreeCursor } from "web-tree-sitter";
import { applied, pick, type Random, randomEdit, seeded, undo, upTo } from "../../test/analysis/random-edits.ts";
import { SCRIPTS } from "../../test/analysis/scripts.ts";
import { Values } from "./facts/values/values.ts";
import type { Module, TextEdit } from "./index.ts";

/** The parser's heaps, seen as they are made. */
const heaps: { readonly buffer: ArrayBuffer }[] = [];
const wasm = (globalThis as unknown as { WebAssembly: { Memory: new (limits: object) => { buffer: ArrayBuffer } } })
  .WebAssembly;
wasm.Memory = class extends wasm.Memory {
  constructor(limits: object) {
    super(limits);
    heaps.push(this);
  }
};
const { analyser } = await import("../../test/analysis/analyser.ts");

const SEEDS = [1, 2, 3, 4];
const EDITS = Number(process.env.GRADSIGHT_SOAK_EDITS ?? 400) / SEEDS.length;
const FIRST = Number(process.env.GRADSIGHT_SOAK_SEED ?? 0);
/** Expressions looked at for one text. The scripts are some hundred lines; twenty times as much would be a loop gone wrong. */
const MOST_WORK = 200_000;

const live = {
  trees: counted(Parser.prototype, "parse", Tree.prototype),
  cursors: counted(Tree.prototype, "walk", TreeCursor.prototype),
};
let work = 0;
const evaluate = Values.prototype.evaluate;
Values.prototype.evaluate = function (...given) {
  work += 1;
  return evaluate.apply(this, given);
};

/** Counts what one method makes less what is deleted. */
function counted(maker: object, method: string, made: object): { count: number } {
  const state = { count: 0 };
  patch(maker, method, (result) => {
    if (result) state.count += 1;
  });
  patch(made, "delete", () => {
    state.count -= 1;
  });
  return state;
}

function patch(prototype: object, method: string, after: (result: unknown) => void): void {
  const methods = prototype as Record<string, (...given: unknown[]) => unknown>;
  const original = methods[method]!;
  methods[method] = function (this: unknown, ...given: unknown[]) {
    const result = original.apply(this, given);
    after(result);
    return result;
  };
}

/** All that a module says, with hovers and threshold edits at random places. */
function said(module: Module, next: Random): unknown {
  const { length } = module.text;
  const places = Array.from({ length: 4 }, () => upTo(next, length + 1));
  const findings = module.lint();
  for (const { range } of findings) places.push(range.start);
  return {
    findings,
    fixes: module.fixAll("unsafe"),
    hovers: places.map((offset) => module.hover(offset)),
    threshold: module.thresholdEdit({ threshold: 0.5, siteLine: upTo(next, 200), clipLine: upTo(next, 200) }),
  };
}

function compare(module: Module, seed: number, story: () => string): void {
  const before = work;
  const here = said(module, seeded(seed));
  const spent = work - before;
  const fresh = analyser.open(module.text);
  const afresh = said(fresh, seeded(seed));
  fresh.dispose();
  expect(here, story()).toEqual(afresh);
  expect(spent, story()).toBeLessThan(MOST_WORK);
}

describe("after random edits, says what it would say afresh", () => {
  it.each(SEEDS.map((seed) => seed + FIRST))(
    "seed %i",
    (seed) => {
      const next = seeded(seed * 7919);
      let original = pick(next, SCRIPTS);
      const module = analyser.open(original.text);
      let history: { before: string; edit: TextEdit }[] = [];
      for (let round = 0; round < EDITS; round++) {
        if (round % 40 === 39) {
          original = pick(next, SCRIPTS);
          module.edit([{ range: { start: 0, end: module.text.length }, newText: original.text }]);
          history = [];
        } else if (history.length > 0 && next() < 0.35) {
          const { before, edit } = history.pop()!;
          module.edit([undo(before, edit)]);
          expect(module.text).toBe(before);
        } else {
          const edits: TextEdit[] = [];
          let text = module.text;
          do {
            const edit = randomEdit(text, next);
            edits.push(edit);
            history.push({ before: text, edit });
            text = applied(text, edit);
          } while (next() < 0.2);
          module.edit(edits);
          expect(module.text).toBe(text);
        }
        compare(module, round, () => `${original.name}, seed ${seed}, edit ${round}:\n${module.text}`);
      }
      module.dispose();
      expect(live.trees.count).toBe(0);
      expect(live.cursors.count).toBe(0);
    },
    20_000 + EDITS * 200,
  );
});

it("keeps no memory of what is gone", { timeout: 20_000 + EDITS * 200 }, () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const module = analyser.open("");
  const next = seeded(FIRST + 5);
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  const round = (edits: number) => {
    for (let at = 0; at < edits; at++) {
      if (at % 20 === 0)
        module.edit([{ range: { start: 0, end: module.text.length }, newText: pick(next, SCRIPTS).text }]);
      module.edit([randomEdit(module.text, next)]);
      module.lint();
    }
    module.edit([{ range: { start: 0, end: module.text.length }, newText: "import torch\noptimizer.step()\n" }]);
    module.lint();
    return { heap: heap(), wasm: heaps.map((memory) => memory.buffer.byteLength) };
  };
  const first = round(EDITS / 2);
  const last = round(EDITS * SEEDS.length);
  expect(live.trees.count).toBeLessThanOrEqual(1);
  expect(heaps).toHaveLength(1);
  expect(last.wasm).toEqual(first.wasm);
  expect(last.heap - first.heap).toBeLessThan(4);
  module.dispose();
  expect(live.trees.count).toBe(0);
});
