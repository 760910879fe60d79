/** The training comes first: it neither stops for an editor that goes away, nor is anything lost when it goes down itself. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Editor } from "./editor.ts";
import { python, type Training, train } from "./training.ts";

const SCRIPT = fileURLToPath(new URL("scripts/logistic.py", import.meta.url));
const NEVER = "-1";

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let storage: string;
const editors: Editor[] = [];
const trainings: Training[] = [];

beforeEach(() => {
  storage = mkdtempSync(join(tmpdir(), "gradsight-loop-"));
});

afterEach(async () => {
  for (const training of trainings.splice(0)) training.process.kill("SIGKILL");
  for (const editor of editors.splice(0)) await editor.close();
  rmSync(storage, { recursive: true, force: true });
});

async function open(): Promise<Editor> {
  const editor = await Editor.open(storage);
  editors.push(editor);
  return editor;
}

function start(rendezvous: string, ...args: string[]): Training {
  const training = train(python!, SCRIPT, args, rendezvous);
  trainings.push(training);
  return training;
}

it("trains to its end when the hub is killed in the middle, and the next hub has every step", async () => {
  const first = await open();
  const training = start(first.endpoint.rendezvous, "600", "300", NEVER);
  const { id } = await first.viewer.run(() => true);
  await first.viewer.detail(id, ({ series }) => (series[0]?.steps ?? 0) >= 200);
  await training.printed("paused");
  first.kill();
  training.process.stdin!.end("\n");
  expect(await training.ended).toBe(0);
  expect(training.output()).toContain("trained 600 steps");

  const second = await open();
  await second.viewer.run((run) => run.id === id && run.status === "finished");
  const { series, events } = await second.viewer.detail(id, (detail) => detail.series[0]?.steps === 600);
  expect(series[0]).toMatchObject({ firstStep: 0, lastStep: 599, nonFinite: 0 });
  expect(events.filter(({ kind }) => kind === "gap")).toEqual([]);
});

it("goes on live in the hub that takes the place of a killed one", async () => {
  const first = await open();
  const training = start(first.endpoint.rendezvous, "600", "300", NEVER);
  const { id } = await first.viewer.run(() => true);
  await training.printed("paused");
  first.kill();

  const second = await open();
  await second.viewer.run((run) => run.id === id && run.status === "running");
  training.process.stdin!.end("\n");
  expect(await training.ended).toBe(0);
  const { summary } = await second.viewer.detail(id, (detail) => detail.summary.status !== "running");
  expect(summary).toMatchObject({ status: "finished", steps: 600 });
});

it("keeps the steps of a script that crashed, and says what it died of", async () => {
  const editor = await open();
  const training = start(editor.endpoint.rendezvous, "600", NEVER, "120");
  expect(await training.ended).toBe(1);
  expect(training.output()).toContain("RuntimeError: out of cheese");
  const { id } = await editor.viewer.run((run) => run.status === "failed");
  const detail = await editor.viewer.detail(id, ({ series }) => series[0]?.steps === 120);
  expect(detail.exitCode).toBe(1);
  expect(detail.error).toContain("RuntimeError: out of cheese");
  expect(detail.series[0]?.advice.evidence.steps).toBe(120);
});
