import { expect, test } from "vitest";
import type { RunEvent } from "../../protocol/telemetry.ts";
import { notesOf, placeNotes } from "./notes.ts";

const AREA = { left: 50, right: 450 };
/** Texts of 10 pixels a letter, a step a pixel. */
const placed = (notes: { step: number; text: string }[]) =>
  placeNotes(
    notes,
    AREA,
    (step) => AREA.left + step,
    (text) => ({ text, width: 10 * text.length }),
  );

const event = (kind: RunEvent["kind"], step: number | null, message: string): RunEvent => {
  return { kind, series: null, step, time: 0, message, data: {} };
};

test("notes with a step, in its order; nothing else", () => {
  const events = [event("note", 7, "b"), event("spike", 1, "no"), event("note", null, "no"), event("note", 3, "a")];
  expect(notesOf(events)).toEqual([
    { step: 3, text: "a" },
    { step: 7, text: "b" },
  ]);
});

test("a text stands to the left of its line where the chart ends", () => {
  expect(placed([{ step: 100, text: "warm" }])).toEqual([{ x: 150, text: "warm", isLeft: false }]);
  expect(placed([{ step: 390, text: "warm" }])).toEqual([{ x: 440, text: "warm", isLeft: true }]);
});

test("what lies outside of the window is not drawn", () => {
  expect(
    placed([
      { step: -1, text: "a" },
      { step: 401, text: "b" },
      { step: Number.NaN, text: "c" },
    ]),
  ).toEqual([]);
});

test("where notes are dense no texts overlap, and no lines touch", () => {
  const all = placed(Array.from({ length: 400 }, (_, step) => ({ step, text: "epoch" })));
  const lines = all.map(({ x }) => x);
  expect(Math.min(...lines.slice(1).map((x, i) => x - lines[i]!))).toBeGreaterThanOrEqual(5);
  const texts = all.filter(({ text }) => text !== null);
  expect(texts.length).toBeGreaterThan(4);
  const spans = texts.map(({ x, isLeft }) => (isLeft ? [x - 50, x] : [x, x + 50])) as [number, number][];
  for (const [i, [from, to]] of spans.entries()) {
    expect(from).toBeGreaterThanOrEqual(spans[i - 1]?.[1] ?? AREA.left);
    expect(to).toBeLessThanOrEqual(AREA.right);
  }
});
