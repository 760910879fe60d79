import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
// @ts-expect-error: a plain script, without types
import { bundle, collect } from "../l10n/collect.mjs";

test("the bundle holds every string of the code and no other (node l10n/collect.mjs writes it)", () => {
  expect(readFileSync(bundle, "utf8")).toBe(collect());
});
