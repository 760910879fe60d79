import { expect, test } from "vitest";
import { cut, dashesOf } from "./strokes.ts";

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

test("dashes go on around corners, and end with the line", () => {
  expect(dashesOf([0, 0, 4, 0, 4, 10], [5, 3])).toEqual([
    [0, 0, 4, 0, 4, 1],
    [4, 4, 4, 9],
  ]);
  expect(dashesOf([0, 0, 20, 0], [6, 2, 1, 2])).toEqual([
    [0, 0, 6, 0],
    [8, 0, 9, 0],
    [11, 0, 17, 0],
    [19, 0, 20, 0],
  ]);
});
