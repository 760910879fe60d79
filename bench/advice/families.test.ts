import { expect, it } from "vitest";
import { chosenOnOthers } from "./families.ts";

it("judges each task by the rule that does best on all others", () => {
  // On all three the second rule is the best, owing to the first task alone: without it, the first rule is.
  const chosen = chosenOnOthers([
    { a: 9, b: 1, c: 1 },
    { a: 0, b: 2, c: 3 },
  ]);
  expect(chosen).toEqual({ a: 9, b: 2, c: 3 });
});
