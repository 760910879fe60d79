import { expect, test } from "vitest";
import type { RunEvent } from "../../protocol/telemetry.ts";
import { isSwitchedOff } from "./switched-off.ts";

const change = (to: number | null, series = "a", by: "user" | null = "user"): RunEvent => ({
  kind: "threshold",
  series,
  step: 1,
  time: 1,
  message: "",
  data: { from: 1, to, ...(by && { by }) },
});

test("clipping is off from where the user had it so until he has it otherwise", () => {
  expect(isSwitchedOff([], "a")).toBe(false);
  expect(isSwitchedOff([change(0.5)], "a")).toBe(false);
  expect(isSwitchedOff([change(0.5), change(null)], "a")).toBe(true);
  expect(isSwitchedOff([change(null), change(0.5)], "a")).toBe(false);
  expect(isSwitchedOff([change(null), change(2, "a", null)], "a")).toBe(true);
  expect(isSwitchedOff([change(null, "b")], "a")).toBe(false);
});
