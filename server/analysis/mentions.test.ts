import { expect, test } from "vitest";
import { Mentions } from "./mentions.ts";

const WORDS = ["torch", "jax", "optax", "step"];

function typed(text: string, edits: readonly [start: number, end: number, newText: string][]) {
  const mentions = new Mentions();
  let now = text;
  const seen = [WORDS.map((word) => mentions.has(word, now))];
  for (const [start, end, newText] of edits) {
    mentions.edit(now, { range: { start, end }, newText });
    now = now.slice(0, start) + newText + now.slice(end);
    const known = WORDS.map((word) => mentions.has(word, now));
    expect(known).toEqual(WORDS.map((word) => now.includes(word)));
    seen.push(known);
  }
  return seen;
}

test("a word comes and goes with what is typed", () => {
  const seen = typed("import torc\n", [
    [11, 11, "h"],
    [7, 12, "jax"],
    [7, 7, "opt"],
  ]);
  expect(seen.map((words) => words[0])).toEqual([false, true, false, false]);
});

test("a word that is taken away in one place stays in another", () => {
  typed("torch, torch", [
    [0, 1, ""],
    [6, 11, ""],
    [5, 6, "torch"],
  ]);
});

test("what an edit joins counts", () => {
  typed("to___rch st ep", [
    [2, 5, ""],
    [8, 9, ""],
    [2, 2, "."],
  ]);
});

test("any edits leave the same answers as a search", () => {
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  let length = 0;
  const edits = Array.from({ length: 2000 }, () => {
    const start = random(length + 1);
    const end = Math.min(length, start + random(6));
    const word = WORDS[random(WORDS.length)] ?? "";
    const newText = length > 60 ? "" : word.slice(random(3), 2 + random(5));
    length += newText.length - (end - start);
    return [start, end, newText] as [number, number, string];
  });
  const seen = typed("", edits);
  expect(seen.some((words) => words.every((known) => !known))).toBe(true);
  for (const index of WORDS.keys()) expect(seen.some((words) => words[index])).toBe(true);
});
