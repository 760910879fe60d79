import { expect, test } from "vitest";
import { isFull, PLACES, type Places, remaining, toggled } from "./places.ts";

test("a run keeps its place while others come and go, and the next one gets the first that is free", () => {
  let places: Places = [];
  for (const run of ["a", "b", "c"]) places = toggled(places, run);
  expect(places).toEqual(["a", "b", "c"]);
  places = toggled(places, "b");
  expect(places).toEqual(["a", null, "c"]);
  expect(toggled(places, "d")).toEqual(["a", "d", "c"]);
});

test("there are only so many places, and one that is left can be taken again", () => {
  const all = Array.from({ length: PLACES }, (_, i) => `run ${i}`);
  expect(isFull(all)).toBe(true);
  expect(toggled(all, "one more")).toEqual(all);
  const fewer = toggled(all, "run 3");
  expect(isFull(fewer)).toBe(false);
  expect(toggled(fewer, "one more")[3]).toBe("one more");
});

test("a run that is gone leaves its place to others", () => {
  expect(remaining(["a", "b"], (run) => run === "b")).toEqual([null, "b"]);
});
