/**
 * A hub that is killed again and again, at random moments and between commit and acknowledgement, has every step once in
 * the end. GRADSIGHT_SOAK_KILLS says how often (`npm run soak:delivery`: a hundred times).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import type { RunDetail } from "../../protocol/viewer.ts";
import { Editor } from "./editor.ts";
import { Relay } from "./relay.ts";
import { python, train } from "./training.ts";

const SCRIPT = fileURLToPath(new URL("scripts/until_told.py", import.meta.url));
const KILLS = Number(process.env.GRADSIGHT_SOAK_KILLS ?? 4);
const MOMENT = 300;
/** What a life of the hub may take on a busy machine, in milliseconds. */
const LIFE = 30_000;

it(`has every step once after ${KILLS} kills`, { timeout: (KILLS + 2) * LIFE }, async () => {
  const storage = mkdtempSync(join(tmpdir(), "gradsight-kills-"));
  onTestFinished(() => rmSync(storage, { recursive: true, force: true }));
  const relay = await Relay.open(storage);
  onTestFinished(() => relay.close());
  const open = async () => {
    const editor = await Editor.open(storage);
    onTestFinished(() => editor.close());
    relay.deaf = false;
    relay.leadTo(editor.endpoint.rendezvous);
    return editor;
  };

  let editor = await open();
  const training = train(python!, SCRIPT, [], relay.rendezvous);
  onTestFinished(() => void training.process.kill("SIGKILL"));
  const { id } = await editor.viewer.run(() => true);
  /** Resolves once the hub has stored something that it had not at the time of the call. */
  const progress = async () => {
    const steps = ({ series }: RunDetail) => series[0]?.steps ?? 0;
    const before = steps(await editor.viewer.detail(id, () => true));
    await editor.viewer.detail(id, (detail) => steps(detail) > before);
  };
  const kills = { sudden: 0, deaf: 0, early: 0 };
  for (let kill = 0; kill < KILLS; kill += 1) {
    const way = (["sudden", "deaf", "sudden", "early"] as const)[kill % 4]!;
    kills[way] += 1;
    if (way !== "early") await progress();
    if (way === "deaf") {
      relay.deaf = true;
      await progress(); // committed, and never acknowledged
    }
    await wait(Math.random() * MOMENT);
    editor.kill();
    editor = await open();
  }
  training.process.stdin!.end("\n");
  expect(await training.ended, training.output()).toBe(0);
  const steps = Number(/trained (\d+) steps/.exec(training.output())![1]);

  await editor.viewer.run((run) => run.id === id && run.status === "finished");
  const { series, events } = await editor.viewer.detail(id, (detail) => detail.series[0]?.lastStep === steps - 1);
  expect(series[0]).toMatchObject({ steps, firstStep: 0, lastStep: steps - 1, nonFinite: 0 });
  expect(events).toEqual([]);
  // The loss of a step is its number: as many, from the first to the last, that add up to what they should.
  const tile = await editor.viewer.tile(id, series[0]!.id, ["loss"], 0, steps - 1, 1000);
  const column = (name: string) => Array.from(tile.columns[`loss.${name}`]!.data, Number);
  expect(column("count").reduce((sum, count) => sum + count, 0)).toBe(steps);
  const sum = column("mean").reduce((total, mean, index) => total + mean * column("count")[index]!, 0);
  expect(sum / ((steps * (steps - 1)) / 2)).toBeCloseTo(1, 6);
  console.log(`${steps} steps, kills: ${JSON.stringify(kills)}`);
});
