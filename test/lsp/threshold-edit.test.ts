import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { WorkspaceEdit } from "vscode-languageserver-protocol/node";
import type { ThresholdEditResult } from "../../protocol/lsp.ts";
import { applyEdits } from "../../server/text/edits.ts";
import { Positions } from "../../server/text/positions.ts";
import { editsOf, LspClient } from "./client.ts";
import { CLIPPED, UNCLIPPED } from "./scripts.ts";

/** 1-based, as Python counts. */
const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length;

describe("gradsight/thresholdEdit", () => {
  let folder: string;
  let path: string;
  let uri: string;
  let client: LspClient;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gradsight-threshold-"));
    path = join(folder, "train.py");
    uri = pathToFileURL(path).href;
  });
  beforeAll(async () => {
    client = await LspClient.start();
  });
  afterAll(() => client.stop());
  afterEach(async () => {
    await client.closeAll();
    await rm(folder, { recursive: true });
  });

  const ask = (params: object) =>
    client.request<ThresholdEditResult>("gradsight/thresholdEdit", {
      uri,
      site: null,
      clip: null,
      script: null,
      ...params,
    });

  /** Opens a script and asks for another threshold at its clip. */
  async function clipAt(threshold: number, text: string) {
    await client.open(uri, text);
    const result = await ask({ clip: { file: path, line: lineOf(text, "nn.utils.clip") }, threshold });
    if ("err" in result) throw new Error(result.err);
    return result.ok;
  }

  function outcome(text: string, result: ThresholdEditResult) {
    if ("err" in result) throw new Error(result.err);
    const positions = Positions.of(text, "utf-16");
    const { version, edits } = editsOf(result.ok.edit);
    const offsets = edits.map(({ range, newText }) => ({ range: positions.offsets(range), newText }));
    return { version, text: applyEdits(text, offsets), line: result.ok.line, summary: result.ok.summary };
  }

  it("changes the number of an open document, saved or not", async () => {
    await writeFile(path, "nothing of the kind\n");
    await client.open(uri, CLIPPED, "python", 5);
    const clip = { file: path, line: lineOf(CLIPPED, "nn.utils.clip") };
    const site = { file: path, line: lineOf(CLIPPED, "optimizer.step()") };
    const { version, text, line, summary } = outcome(CLIPPED, await ask({ site, clip, threshold: 0.25 }));
    expect(version).toBe(5);
    expect(text).toBe(CLIPPED.replace("max_norm=1.0", "max_norm=0.25"));
    expect(line).toBe(clip.line);
    expect(summary).toContain("0.25");
  });

  it("changes the number of a file that is not open", async () => {
    const text = `\u{feff}${CLIPPED}`.replaceAll("\n", "\r\n");
    await writeFile(path, text);
    const clip = { file: path, line: lineOf(CLIPPED, "nn.utils.clip") };
    const result = outcome(text.slice(1), await ask({ clip, threshold: 2 }));
    expect(result.version).toBeNull();
    expect(result.text).toMatch(/max_norm=2(\.0)?\)\r\n/);
  });

  it("inserts the clip where there is none", async () => {
    await writeFile(path, UNCLIPPED);
    const site = { file: path, line: lineOf(UNCLIPPED, "optimizer.step()") };
    const { text } = outcome(UNCLIPPED, await ask({ site, threshold: 0.5 }));
    expect(text).toMatch(/clip_grad_norm_\(model\.parameters\(\), (max_norm=)?0\.5\)\n {4}optimizer\.step\(\)/);
  });

  it("asks before it changes another file than the one where gradients are clipped", async () => {
    const config = join(folder, "config.py");
    await writeFile(config, "CLIP = 1.0\n");
    const text = `from config import CLIP\n${CLIPPED.replace("max_norm=1.0", "max_norm=CLIP")}`;
    const result = await clipAt(0.25, text);
    const { documentChanges, changeAnnotations } = result.edit as WorkspaceEdit;
    expect(documentChanges).toEqual([
      {
        textDocument: { uri: pathToFileURL(config).href, version: null },
        edits: [expect.objectContaining({ newText: "0.25", annotationId: "confirm" })],
      },
    ]);
    expect(changeAnnotations).toEqual({ confirm: expect.objectContaining({ needsConfirmation: true }) });
    expect(result.line).toBe(1);
  });

  it("asks before it changes a number that something else is given, too", async () => {
    const text = `LIMIT = 1.0\n${CLIPPED.replace("max_norm=1.0", "max_norm=LIMIT")}torch.clamp(loss, max=LIMIT)\n`;
    const result = await clipAt(0.25, text);
    const { documentChanges, changeAnnotations } = result.edit as WorkspaceEdit;
    expect(documentChanges).toEqual([
      expect.objectContaining({ edits: [expect.objectContaining({ newText: "0.25", annotationId: "confirm" })] }),
    ]);
    expect(changeAnnotations?.confirm).toMatchObject({
      needsConfirmation: true,
      description: expect.stringContaining("The same number is given to `torch.clamp`"),
    });
    expect(result.asks).toBe(true);
  });

  it("changes a configuration that the script reads, unless it is being edited", async () => {
    const config = join(folder, "config.yaml");
    await writeFile(config, "train:\n  clip: 1.0\n");
    const text = `import yaml\ncfg = yaml.safe_load(open("config.yaml"))\n${CLIPPED.replace("max_norm=1.0", 'cfg["train"]["clip"]')}`;
    const result = await clipAt(0.25, text);
    const { documentChanges } = result.edit as WorkspaceEdit;
    expect(documentChanges).toMatchObject([
      {
        textDocument: { uri: pathToFileURL(config).href },
        edits: [{ newText: "0.25", range: { start: { line: 1, character: 8 }, end: { line: 1, character: 11 } } }],
      },
    ]);
    await client.open(pathToFileURL(config).href, "# mine\ntrain:\n  clip: 1.0\n", "yaml");
    const clip = { file: path, line: lineOf(text, "nn.utils.clip") };
    expect(await ask({ clip, threshold: 0.25 })).toEqual({ err: expect.stringContaining("not saved") });
  });

  it("asks the script that ran what it passes to the module that clips", async () => {
    const script = join(folder, "main.py");
    await writeFile(script, "from train import tame\n\ntame(model, 5.0)\n");
    const module =
      "import torch\n\ndef tame(model, limit=1.0):\n    torch.nn.utils.clip_grad_norm_(model.parameters(), limit)\n";
    await writeFile(path, module);
    const clip = { file: path, line: lineOf(module, "nn.utils.clip") };
    const result = await ask({ clip, script, threshold: 0.25 });
    if ("err" in result) throw new Error(result.err);
    expect(editsOf(result.ok.edit)).toMatchObject({ uri: pathToFileURL(script).href, edits: [{ newText: "0.25" }] });
    expect(result.ok.line).toBe(3);
    const alone = await ask({ clip, script: join(folder, "gone.py"), threshold: 0.25 });
    expect("ok" in alone && editsOf(alone.ok.edit).uri).toBe(uri);
  });

  const refusals: Record<string, [object, RegExp]> = {
    "a file that is not there": [{ threshold: 1 }, /no such file/],
    "a place in another file": [{ site: { file: "/elsewhere/b.py", line: 3 }, threshold: 1 }, /elsewhere/],
    "a threshold that is no number": [{ threshold: "1" }, /threshold/],
  };
  for (const [what, [params, message]] of Object.entries(refusals))
    it(`says why it can't for ${what}`, async () => {
      expect(await ask(params)).toEqual({ err: expect.stringMatching(message) });
    });

  it("says why it can't where there is no update", async () => {
    await writeFile(path, "x = 1\n");
    const result = await ask({ site: { file: path, line: 1 }, threshold: 1 });
    expect(result).toEqual({ err: expect.stringMatching(/\w+ \w+/) });
  });
});
