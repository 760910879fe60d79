import { expect, test } from "vitest";
import { cut } from "./strokes.ts";

test("a line is cut where strips end, on the line itself", () => {
  const line = [5, 10, 15, 30, 45, 0];
  expect(cut(line, 10)).toEqual({
    points: [5, 10, 10, 20, 15, 30, 20, 25, 30, 15, 40, 5, 45, 0],
    ends: [4, 8, 10, 12, 14],
  });
});

test("a corner where a strip ends is there once, and what is narrower than a strip is whole", () => {
  expect(cut([0, 1, 10, 2, 20, 3], 10).points).toEqual([0, 1, 10, 2, 20, 3]);
  expect(cut([1, 1, 2, 4, 9, 0], 10)).toEqual({ points: [1, 1, 2, 4, 9, 0], ends: [6] });
});
