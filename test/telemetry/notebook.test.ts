/** A notebook's training explodes in a real kernel, and its cell says so. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { RENDEZVOUS_VARIABLE } from "../../protocol/rendezvous.ts";
import { EXPLODING_TRAINING } from "../host/exploding-training.ts";
import { pythonThatRuns } from "../host/python.ts";
import { NotebookClient } from "../lsp/notebook-client.ts";
import { Editor } from "./editor.ts";

const python = pythonThatRuns("import torch, ipykernel, jupyter_client");
const [SETUP, LOOP] = EXPLODING_TRAINING.split(/(?<=\n)(?=for)/) as [string, string];
const CELLS = ["%load_ext gradsight", SETUP, `\n${LOOP}`, "1 + 1"];

it.skipIf(!python)("tells what a run saw in its cell", { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "gradsight-notebook-"));
  const { client, endpoint, viewer } = await Editor.open(join(folder, "storage"));
  onTestFinished(async () => {
    viewer.close();
    await client.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, "train.ipynb");
  const cells = CELLS.map((source) => ({
    cell_type: "code",
    metadata: {},
    outputs: [],
    execution_count: null,
    source,
  }));
  writeFileSync(file, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
  const notebook = new NotebookClient(client, pathToFileURL(file).href);
  await notebook.open(CELLS);
  const pull = async () =>
    (await client.pull(notebook.uri(2))).map(({ code, severity, message }) => ({ code, severity, message }));
  expect(await pull()).toMatchObject([{ code: "missing-clipping", severity: 3 }]);

  const kernel = spawn(python!, [resolve("test/telemetry/kernel.py"), file], {
    env: {
      ...process.env,
      PYTHONPATH: resolve("python"),
      OMP_NUM_THREADS: "1",
      GRADSIGHT_STATE: folder,
      [RENDEZVOUS_VARIABLE]: endpoint.rendezvous,
    },
  });
  const [code] = await once(kernel, "close");
  expect(code).toBe(0);
  const exploded = / A run on \d+ \w+ exploded here after step 1\d\d: /;
  await client.until(() => client.refreshes > 0);
  expect(await pull()).toMatchObject([
    { code: "missing-clipping", severity: 2, message: expect.stringMatching(exploded) },
  ]);

  const site = (await viewer.request("runs", {})).runs.map(({ id }) => id);
  const { series } = await viewer.detail(site[0]!, (detail) => detail.series.length > 0);
  const params = { uri: pathToFileURL(file).href, site: series[0]!.site, clip: null, threshold: 0.5 };
  const answer = await client.request<{ ok: { line: number } }>("gradsight/thresholdEdit", params);
  expect(answer.ok.line).toBe(LOOP.split("\n").length);
});
