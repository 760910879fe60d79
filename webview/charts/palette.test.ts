import { expect, test } from "vitest";
import { opaque, over } from "./palette.ts";

test.each([
  ["#252526", "#1e1e1e", "#252526"],
  ["rgba(255, 255, 255, 0.5)", "#000000", "rgb(128, 128, 128)"],
  ["#00000000", "#1e1e1e", "rgb(30, 30, 30)"],
])("%s over %s is seen as %s", (top, below, seen) => {
  expect(over(top, below)).toBe(seen);
});

test.each([
  ["rgba(234, 92, 0, 0.33)", "rgb(234, 92, 0)"],
  ["#ea5c0055", "rgb(234, 92, 0)"],
  ["#d18616", "#d18616"],
])("the whole of %s is %s", (value, whole) => {
  expect(opaque(value)).toBe(whole);
});

test("what is no colour stays what it is", () => {
  expect(opaque("")).toBe("");
  expect(over("", "#1e1e1e")).toBe("");
});
