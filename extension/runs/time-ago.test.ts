import { expect, test } from "vitest";
import { timeAgo } from "./time-ago.ts";

test.each([
  [0, "now"],
  [59, "now"],
  [-120, "now"],
  [60, "1 min. ago"],
  [3599, "59 min. ago"],
  [7200, "2 hr. ago"],
  [86_400, "yesterday"],
  [3 * 86_400, "3 days ago"],
  [400 * 86_400, "last yr."],
])("%d seconds later", (passed, text) => expect(timeAgo(1000, 1000 + passed, "en")).toBe(text));
