import { expect, test } from "vitest";
import type { RunSummary } from "../../protocol/viewer.ts";
import { nextRun } from "./next-run.ts";

const run = (id: string, status: RunSummary["status"], steps: number): RunSummary => ({
  id,
  name: "train.py",
  script: null,
  status,
  startedAt: 0,
  lastSeen: 0,
  steps,
  framework: null,
  starred: false,
  tags: [],
  note: "",
  source: null,
  incident: null,
  paused: null,
});

const failed = run("failed", "failed", 0);
const started = run("started", "running", 0);

test("a run that ended without a step gives way to one that begins", () => {
  expect(nextRun("failed", [failed], [started, failed])).toBe("started");
});

test.each([
  ["one with steps", run("shown", "failed", 12), started],
  ["one that still runs", run("shown", "running", 0), started],
  ["one beside which another is imported", run("shown", "failed", 0), run("imported", "finished", 90)],
])("%s stays", (_, shown, other) => {
  expect(nextRun("shown", [shown], [shown, other])).toBeNull();
});

test("it stays when the run that goes on was known before", () => {
  expect(nextRun("failed", [started, failed], [started, failed])).toBeNull();
});
