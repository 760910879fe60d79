/** A training explodes under the real probe, and the code says so where its update is. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { EXPLODING_TRAINING } from "../host/exploding-training.ts";
import { editsOf } from "../lsp/client.ts";
import { Editor } from "./editor.ts";
import { pythonWithTorch, train } from "./training.ts";

it.skipIf(!pythonWithTorch)("tells what a run saw in its code", { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "gradsight-observed-"));
  const { client, endpoint, ...editor } = await Editor.open(join(folder, "storage"));
  onTestFinished(async () => {
    editor.viewer.close();
    await client.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const script = join(folder, "train.py");
  const uri = pathToFileURL(script).href;
  writeFileSync(script, EXPLODING_TRAINING);
  await client.open(uri, EXPLODING_TRAINING);
  expect(await client.pull(uri)).toMatchObject([{ code: "missing-clipping", severity: 3 }]);

  const training = train(pythonWithTorch!, script, [], endpoint.rendezvous);
  expect(await training.ended, training.output()).toBe(0);
  // Written again with the same text: it is the hash that counts.
  utimesSync(script, Date.now() / 1000 + 60, Date.now() / 1000 + 60);
  await client.until(() => client.refreshes > 0);
  const [found] = await client.pull(uri);
  expect(found).toMatchObject({ code: "missing-clipping", severity: 2 });
  expect(found!.message).toMatch(/ A run on \d+ \w+ exploded here after step 1\d\d: the norm rose from a median of /);

  const [fix] = await client.actions(uri, found!.range);
  expect(fix!.title).toMatch(/^Clip the gradients to a norm of [\d.]+, as the run on \d+ \w+ suggests$/);
  const written = editsOf(fix!.edit).edits.map(({ newText }) => newText);
  expect(written.join()).toMatch(/clip_grad_norm_\(model\.parameters\(\), max_norm=[\d.]+\)/);
});
